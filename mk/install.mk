# make install [DESTDIR=...] [PREFIX=/usr]: the program, its unit, its configuration and documents.
PREFIX  ?= /usr
DESTDIR ?=

.PHONY: install
install: $(BUILD)/customer360
	install -D -m 0755 $(BUILD)/customer360 $(DESTDIR)$(PREFIX)/bin/customer360
	install -D -m 0644 packaging/customer360.service $(DESTDIR)/lib/systemd/system/customer360.service
	test -e $(DESTDIR)/etc/customer360/customer360.conf || \
	    install -D -m 0640 packaging/customer360.conf $(DESTDIR)/etc/customer360/customer360.conf
	install -d $(DESTDIR)$(PREFIX)/share/doc/customer360
	install -m 0644 README.md docs/*.md $(DESTDIR)$(PREFIX)/share/doc/customer360/
