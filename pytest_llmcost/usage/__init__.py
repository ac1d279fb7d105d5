"""Response bytes in, usage out: one module for each wire format, and no HTTP library."""
