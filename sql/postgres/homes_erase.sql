select homes_erase($1, $2)
