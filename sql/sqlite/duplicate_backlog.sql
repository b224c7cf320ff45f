select count(*), min(created_at) from duplicate where state = 'OPEN'
