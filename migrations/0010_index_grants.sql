-- Lists of requests show what came of each: the grant that a decision made.
CREATE INDEX model_grants_request ON model_grants (request_id);
