select own, other from creations_met($1, $2, $3)
