using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>Tells of any object whether its bytes are those that belong under its name: packs and fragments by their hash, all else by its signature. Needs no secret.</summary>
internal static class ObjectProof
{
    /// <summary>Fails when the bytes do not belong under the name.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="installation">The reserve, and whose keys it trusts.</param>
    /// <param name="writers">Enrolled writers.</param>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>ClaimDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static void Check(string name, byte[] bytes, Installation installation, EnrolledWriters writers)
    {
        var (reserve, keys) = (installation.Reserve, installation.Keys);
        switch (ObjectKinds.Of(name))
        {
            case ObjectKind.MetaPack or ObjectKind.DataPack:
                PackReader.ReadTables(new PackInfo(ObjectKinds.IdIn(name), ObjectKinds.Of(name)!.Value, bytes.Length), bytes, reserve);
                break;
            case ObjectKind.Index:
                if (new Id32(SHA256.HashData(bytes)) != ObjectKinds.IdIn(name))
                {
                    throw Failures.Damaged(name, "its SHA-256 is not its name");
                }
                IndexFragment.Read(name, bytes, reserve, writers.SigningKeyOf);
                break;
            case ObjectKind.Point:
                PointRecord.Read(name, bytes, reserve, writers.SigningKeyOf);
                break;
            case ObjectKind.Drop:
                DropRecord.Read(name, bytes, reserve, writers);
                break;
            case ObjectKind.Audit:
                AuditRecord.Read(name, bytes, reserve, id => AuditLog.KeyOf(installation, id));
                break;
            case ObjectKind.Drill:
                DrillRecord.Read(name, bytes, reserve, id => AuditLog.KeyOf(installation, id));
                break;
            case ObjectKind.Configuration:
                Recovery.ConfigurationCopy.Read(name, bytes, reserve, writers.SigningKeyOf);
                break;
            case ObjectKind.Format when keys is not null:
                if (FormatObject.Read(name, bytes, keys.KeyRoleKeys.Span).ReserveId != reserve)
                {
                    throw Failures.Damaged(name, "it belongs to another reserve");
                }
                break;
            case ObjectKind.Writer when keys is not null:
                WriterObject.Read(name, bytes, reserve, keys.KeyRoleKeys.Span);
                break;
            case ObjectKind.Approver when keys is not null:
                ApproverObject.Read(name, bytes, reserve, keys.KeyRoleKeys.Span);
                break;
            case ObjectKind.Ledger when keys is not null:
                LedgerEntry.Read(name, bytes, reserve, keys.KeyRoleKeys.Span);
                break;
            case ObjectKind.Claim when keys is not null:
                using (var keyRole = new SignatureVerifier(keys.KeyRoleKeys.Span))
                {
                    SubjectClaim.Read(name, bytes, reserve, keyRole, writers);
                }
                break;
            default:
                throw Failures.Damaged(name, "nothing here proves that it belongs under its name");
        }
    }
}
