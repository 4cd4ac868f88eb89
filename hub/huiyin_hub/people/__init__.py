"""Accounts, roles, log-in and sessions of the people who use the hub."""
