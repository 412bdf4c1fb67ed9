"""Mechanism and data → other sets of reactions that explain the data as well."""
