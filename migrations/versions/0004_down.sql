-- Shapes that are drawn are made again.
DROP INDEX ix_street_ended, ix_building_ended, ix_building_began;
TRUNCATE display_shape, display_version;
ALTER TABLE display_version DROP CONSTRAINT pk_display_version;
ALTER TABLE display_version DROP COLUMN made_at;
ALTER TABLE display_version ADD CONSTRAINT pk_display_version PRIMARY KEY (district_id, layer);
COMMENT ON COLUMN display_version.version IS 'layer_version.version the shapes were made for';
ALTER TABLE display_shape DROP CONSTRAINT pk_display_shape;
ALTER TABLE display_shape DROP COLUMN version;
ALTER TABLE display_shape ADD CONSTRAINT pk_display_shape PRIMARY KEY (district_id, layer, max_zoom, feature_id);
