select event_erase($1, $2, $3)
