select creations_await($1, $2)
