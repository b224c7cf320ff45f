# make install [DESTDIR=...] [PREFIX=/usr]: the program, its unit, configuration, manual, completion and documents.
# make package: build/customer360_VERSION_ARCHITECTURE.deb, see tools/package.sh.
PREFIX  ?= /usr
DESTDIR ?=
SHARE    = $(DESTDIR)$(PREFIX)/share

.PHONY: install package package-test
install: $(BUILD)/customer360
	install -D -m 0755 $(BUILD)/customer360 $(DESTDIR)$(PREFIX)/bin/customer360
	install -D -m 0644 packaging/customer360.service $(DESTDIR)/lib/systemd/system/customer360.service
	test -e $(DESTDIR)/etc/customer360/customer360.conf || \
	    install -D -m 0640 packaging/customer360.conf $(DESTDIR)/etc/customer360/customer360.conf
	install -d $(SHARE)/doc/customer360 $(SHARE)/man/man1 $(SHARE)/man/man5 $(SHARE)/bash-completion/completions
	tools/install_documents.sh $(SHARE)/doc/customer360
	$(BUILD)/customer360 help --man | gzip -n9 >$(SHARE)/man/man1/customer360.1.gz
	$(BUILD)/customer360 help configuration --man | gzip -n9 >$(SHARE)/man/man5/customer360.conf.5.gz
	$(BUILD)/customer360 help --completion >$(SHARE)/bash-completion/completions/customer360

package: $(BUILD)/customer360
	tools/setup.sh all
	tools/package.sh $(BUILD) "$(MAKE)"

# Installs the package on this machine, runs it, and removes it again.
TEST_STEPS += package-test
package-test: package
	tests/operations/package.py --binary $(BUILD)/customer360
