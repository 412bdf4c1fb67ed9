"""One-way mass-action reactions integrated for many runs side by side, with exact sensitivities."""
