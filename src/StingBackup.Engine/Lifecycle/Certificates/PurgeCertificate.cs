using System.Text.Json;
using System.Text.Json.Nodes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Certificates;

/// <summary>What a certificate of a purge is made of.</summary>
/// <param name="Mark">The sweep's mark.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Location">Where it lies.</param>
/// <param name="Parts">What retention had let go when the packs were marked and no earlier certificate names: backup id and part.</param>
/// <param name="Packs">The packs, every one of which is gone.</param>
/// <param name="LeftLength">Bytes that no restore point reaches, in packs that hold others too.</param>
/// <param name="Time">When.</param>
internal sealed record PurgeFacts(Id16 Mark, Tier Tier, string Location, IReadOnlyList<(string BackupId, DroppedPart Part)> Parts, IReadOnlyList<MarkedPack> Packs, long LeftLength, DateTimeOffset Time);

/// <summary>
/// The certificate of a purge: which restore points retention had let go, and which packs were deleted for it. Signed by the host that swept; its enrolment stands beside it, signed by the key role,
/// and proves that it may. Nobody is named in it.
/// </summary>
internal static class PurgeCertificate
{
    /// <summary>How it is told from others.</summary>
    public static readonly CertificateSort Sort = new("sting-purge-certificate/1",
        ["certificate_id", "reserve_id", "writer", "deletion_timestamp", "deletion_method", "tier", "location", "restore_points", "packs", "residual", "authorized_by"], ["key_role", "enrolment"], SigningKeyOf);

    /// <summary>Makes one.</summary>
    /// <param name="facts">What was done.</param>
    /// <param name="reserve">The reserve.</param>
    /// <param name="signer">The host.</param>
    /// <param name="enrolment">Its enrolment.</param>
    /// <param name="keyRole">The key role's public key, which signed that.</param>
    public static byte[] Make(PurgeFacts facts, Id16 reserve, (Id16 Writer, ISigner Signer) signer, ReadOnlyMemory<byte> enrolment, ReadOnlyMemory<byte> keyRole) => CertificateFile.Make(new JsonObject
    {
        ["format"] = Sort.Format,
        ["certificate_id"] = facts.Mark.ToString(),
        ["reserve_id"] = reserve.ToString(),
        ["writer"] = signer.Writer.ToString(),
        ["deletion_timestamp"] = CertificateFile.Time(facts.Time),
        ["deletion_method"] = "objects of ciphertext (AES-256-GCM) deleted from the store, after no restore point had reached them for the readers' time; absence read back",
        ["tier"] = facts.Tier.ToString(),
        ["location"] = facts.Location,
        ["restore_points"] = CertificateFile.Array(facts.Parts, item => new JsonObject
        {
            ["backup_id"] = item.BackupId, ["data_class"] = item.Part.Class.ToString(), ["reason"] = item.Part.Reason.ToString(), ["ended"] = CertificateFile.Time(item.Part.EndedNs),
        }),
        ["packs"] = CertificateFile.Array(facts.Packs, pack => new JsonObject { ["sha256"] = pack.Id.ToString(), ["bytes"] = pack.Length }),
        ["residual"] = new JsonObject { ["unreached_bytes_in_packs_in_use"] = facts.LeftLength, ["ends"] = "when such a pack is written anew" },
        ["authorized_by"] = Actor.Here,
    }, signer.Signer, ("key_role", keyRole), ("enrolment", enrolment));

    /// <summary>The key of the host that the enrolment names, where the key role signed that, for this reserve, with the right to let go.</summary>
    private static byte[] SigningKeyOf(JsonObject document, JsonObject certificate)
    {
        if (!Id16.TryParse(certificate["reserve_id"]?.ToString() ?? "", out var reserve) || !Id16.TryParse(certificate["writer"]?.ToString() ?? "", out var writer))
        {
            throw new JsonException("reserve or writer is no id");
        }
        var enrolment = CertificateFile.Beside(document, "enrolment");
        var name = KeyObjectNames.Writer(writer, WriterObject.RevisionOf(enrolment));
        var host = WriterObject.Read(name, enrolment, reserve, CertificateFile.Beside(document, "key_role")).Writer;
        return host.MayMaintain ? host.SigningKey : throw new JsonException($"host {writer} was enrolled without the right to let anything go");
    }
}
