-- Shapes that are drawn, several versions at once; what changed among buildings and streets is counted quickly.

TRUNCATE display_shape, display_version;
ALTER TABLE display_shape ADD COLUMN version BIGINT NOT NULL;
COMMENT ON COLUMN display_shape.version IS 'display_version.version';
ALTER TABLE display_shape DROP CONSTRAINT pk_display_shape;
ALTER TABLE display_shape ADD CONSTRAINT pk_display_shape
    PRIMARY KEY (district_id, layer, version, max_zoom, feature_id);
ALTER TABLE display_version ADD COLUMN made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL;
ALTER TABLE display_version DROP CONSTRAINT pk_display_version;
ALTER TABLE display_version ADD CONSTRAINT pk_display_version PRIMARY KEY (district_id, layer, version);
COMMENT ON COLUMN display_version.version IS 'names what is in force at a moment; part of the address of a tile';

CREATE INDEX ix_building_began ON building (district_id, lower(valid)) WHERE NOT lower_inf(valid);
CREATE INDEX ix_building_ended ON building (district_id, upper(valid)) WHERE NOT upper_inf(valid);
CREATE INDEX ix_street_ended ON street (district_id, upper(valid)) WHERE NOT upper_inf(valid);
