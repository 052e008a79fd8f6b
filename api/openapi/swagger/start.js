const api = document.getElementById("api");
SwaggerUIBundle({ url: api.dataset.description, domNode: api, deepLinking: true, tryItOutEnabled: true, validatorUrl: null });
