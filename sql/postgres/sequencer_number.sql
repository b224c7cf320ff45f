-- Numbers up to $1 committed events; gives how many, -1 when another instance is numbering.
select sequencer_number($1)
