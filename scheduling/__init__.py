"""Time decides: slots, and the ledger by which each due act happens exactly once. Imports only broadcast."""
