# make run: the service on the embedded store in ./data, for trying it out. Another address or store:
#     make run RUN_FLAGS='--listen 127.0.0.1:9500 --store sqlite:/tmp/c360.db'
RUN_FLAGS ?=
run: all
	exec $(BUILD)/customer360 serve --dev --sample --listen 127.0.0.1:9401 \
	    --store sqlite:data/customer360.db $(RUN_FLAGS)
