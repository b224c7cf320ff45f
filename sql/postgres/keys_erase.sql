select keys_erase($1, $2)
