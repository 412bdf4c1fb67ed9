"""Species, rate laws, reactions and mechanisms: the nouns, and the laws that they obey."""
