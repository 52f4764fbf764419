-- The catalog says in how many organizations each model is open.
CREATE INDEX organization_models_model ON organization_models (model_id);
