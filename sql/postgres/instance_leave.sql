delete from instance where instance_id = $1
