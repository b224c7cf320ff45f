delete from webhook_delivery where tenant_id = $1 and webhook_id = $2
