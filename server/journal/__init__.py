"""The journal: who changed which value of which entity and when, in one chain, sealed under a key per entity."""
