"""What the desk keeps to."""

RULES = """
Answer in the language of the customer, in whole sentences, and in no more than five of them unless asked for more.
Never promise a date: say how long such a thing takes as a rule, and what the customer can do if it takes longer.
Offer a spare part before an exchange, an exchange before a refund, and a refund before a voucher of any kind.
Ask for the order number once; if the customer does not have it, ask for the day of the order and the postcode.
Brakes, forks, handlebars and frames are matters of safety: tell the customer to stop riding, and hand over at once.
A battery that is warm, swollen or wet must not be charged: say so first, and answer the question only after that.
Prices are those of the day of the order; do not compare them with those of other shops, and do not explain them.
Parcels that are late for fewer than three working days are not lost: give the link, and say when to write again.
Parcels that are late for three working days or more are searched for: open a search, and tell its number.
Whoever writes in anger gets an answer to the matter in the first sentence, and a word of regret in the second.
A complaint about a colleague goes to the head of the shop, with the text as it was written and no comment of ours.
Invoices can be corrected for thirty days: name and address without a question, all else only by the accounts.
Bicycles for children are exchanged for the next size at half the price within a year, if all their parts are there.
A theft is reported to the police first: the report's number is needed before the insurance can be asked.
Cards, passwords and bank accounts are never asked for, and never repeated where a customer has written them.
If two rules say different things, the one that is further up holds; if none says anything, ask a colleague.
"""
