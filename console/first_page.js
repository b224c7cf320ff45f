// The examples of the first page name the address that the page came from.
for (const code of document.querySelectorAll("code"))
    code.textContent = code.textContent.replaceAll("http://127.0.0.1:9401", location.origin);
