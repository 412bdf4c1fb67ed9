"""Tests from outside: public names, commands and files alone, whatever the package is like inside."""
