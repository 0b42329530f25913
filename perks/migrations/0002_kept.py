from django.db import migrations

# Lines of the log lose the names of who was erased, and the campaign that went; nothing else of them ever changes.
AUDIT = """
CREATE FUNCTION perks_audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE'
     AND (NEW.user_id IS NULL OR NEW.user_id = OLD.user_id)
     AND (NEW.campaign_id IS NULL OR NEW.campaign_id = OLD.campaign_id)
     AND (to_jsonb(NEW) - 'user_id' - 'campaign_id') = (to_jsonb(OLD) - 'user_id' - 'campaign_id') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'lines of the log of changes are only added' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER perks_audit_is_kept BEFORE UPDATE OR DELETE ON perks_auditentry
  FOR EACH ROW EXECUTE FUNCTION perks_audit_is_kept();
"""
# What somebody accepted stays as it was.
TERMS = """
CREATE FUNCTION perks_terms_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'terms are written once: a change is another version' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER perks_terms_are_kept BEFORE UPDATE ON perks_terms
  FOR EACH ROW EXECUTE FUNCTION perks_terms_are_kept();
"""
UNDO = """
DROP TRIGGER perks_audit_is_kept ON perks_auditentry;
DROP FUNCTION perks_audit_is_kept();
DROP TRIGGER perks_terms_are_kept ON perks_terms;
DROP FUNCTION perks_terms_are_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("perks", "0001_perks")]
    operations = [migrations.RunSQL(AUDIT + TERMS, UNDO)]
