from django.db import migrations

# Whatever claims go by is counted on the rows that each claim updates. So a change of it waits for the claims that have
# the row, and the claims that waited for the change see that it happened: no lock beside the row's own is needed.
TRIGGERS = """
CREATE FUNCTION perks_rules_have_changed(campaigns bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM perks_variant WHERE campaign_id = ANY (campaigns) ORDER BY id FOR NO KEY UPDATE;
  UPDATE perks_variant SET rules = rules + 1 WHERE campaign_id = ANY (campaigns);
END $$;

CREATE FUNCTION perks_campaign_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM perks_rules_have_changed(ARRAY[NEW.id]);
  RETURN NULL;
END $$;
CREATE TRIGGER perks_campaign_rules AFTER UPDATE ON perks_campaign FOR EACH ROW
  WHEN ((OLD.state, OLD.per_person, OLD.is_template) IS DISTINCT FROM (NEW.state, NEW.per_person, NEW.is_template))
  EXECUTE FUNCTION perks_campaign_rules();

CREATE FUNCTION perks_brand_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM perks_rules_have_changed(ARRAY(SELECT id FROM perks_campaign WHERE brand_id = NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER perks_brand_rules AFTER UPDATE ON perks_brand FOR EACH ROW
  WHEN (OLD.suspended IS DISTINCT FROM NEW.suspended)
  EXECUTE FUNCTION perks_brand_rules();

CREATE FUNCTION perks_part_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM perks_rules_have_changed(ARRAY[OLD.campaign_id]);
  ELSE
    PERFORM perks_rules_have_changed(ARRAY[NEW.campaign_id]);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER perks_window_rules AFTER INSERT OR UPDATE OR DELETE ON perks_window FOR EACH ROW
  EXECUTE FUNCTION perks_part_rules();
CREATE TRIGGER perks_terms_rules AFTER INSERT OR DELETE ON perks_terms FOR EACH ROW
  EXECUTE FUNCTION perks_part_rules();

-- Ends a statement, and takes back what it did: the row was no longer what the statement had read.
CREATE FUNCTION perks_read_again() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'somebody was faster: read again' USING ERRCODE = 'serialization_failure';
END $$;
"""
UNDO = """
DROP TRIGGER perks_campaign_rules ON perks_campaign;
DROP TRIGGER perks_brand_rules ON perks_brand;
DROP TRIGGER perks_window_rules ON perks_window;
DROP TRIGGER perks_terms_rules ON perks_terms;
DROP FUNCTION perks_campaign_rules(), perks_brand_rules(), perks_part_rules(), perks_rules_have_changed(bigint[]),
  perks_read_again();
"""


class Migration(migrations.Migration):
    dependencies = [("perks", "0002_kept")]
    operations = [
        migrations.RunSQL(TRIGGERS, UNDO),
    ]
