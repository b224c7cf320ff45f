# make run: the service on the embedded store in ./data, for trying it out. Another address or store:
#     make run RUN_FLAGS='--listen 127.0.0.1:9500 --store sqlite:/tmp/c360.db'
RUN_FLAGS ?=
run: all
	exec $(BUILD)/customer360 serve --dev --sample --listen 127.0.0.1:9401 \
	    --store sqlite:data/customer360.db $(RUN_FLAGS)

# make run-production: all that runs in production, on loopback, until Ctrl-C: tests/servers/production.py.
#     make run-production PRODUCTION_FLAGS='--instances 3 --port 9500'
PRODUCTION_FLAGS ?=
.PHONY: run-production
run-production: all
	@BUILD=$(BUILD) tools/setup.sh all
	exec tests/servers/production.py --binary $(BUILD)/customer360 $(PRODUCTION_FLAGS)
