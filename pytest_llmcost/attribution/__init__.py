"""Whose call it is: which test, which fixture, which agent."""
