"""The demonstration: a market of personas on a development ledger, and products that really travel the whole way."""
