using System.Text.Json.Nodes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Lifecycle.Certificates;

/// <summary>What a certificate is made of.</summary>
internal sealed record CertificateFacts(
    ErasureRecord Record, LeftBehind Keys, ErasureLedger Ledger, ErasureScope Scope, ErasureProof Proof, IReadOnlyList<ResidualCopy> Residuals, IReadOnlyList<string> OtherHosts,
    string By, DateTimeOffset Now)
{
    /// <summary>Tiers that could not be looked at, and why.</summary>
    public IReadOnlyList<string> TiersAway { get; init; } = [];
}

/// <summary>The certificate of an erasure, signed by the key role. It names nobody: pseudonym and request do.</summary>
internal static class DestructionCertificate
{
    /// <summary>How it is told from others.</summary>
    public static readonly CertificateSort Sort = new("sting-destruction-certificate/1",
        ["certificate_id", "reserve_id", "deletion_timestamp", "deletion_method", "request", "subjects", "scope", "key_locations", "residual_copies", "verification", "exceptions", "audit", "approvers", "authorized_by"],
        ["key_role"], static (document, _) => CertificateFile.Beside(document, "key_role"));

    /// <summary>Makes one.</summary>
    public static byte[] Make(CertificateFacts facts, Id16 reserve, ISigner keyRole, byte[] handovers)
    {
        var certificate = Content(facts, reserve);
        if (handovers.Length > 0)
        {
            certificate["key_handovers"] = Convert.ToBase64String(handovers);
        }
        return CertificateFile.Make(certificate, keyRole, ("key_role", keyRole.PublicKey));
    }

    private static JsonObject Content(CertificateFacts facts, Id16 reserve)
    {
        var record = facts.Record;
        return new JsonObject
        {
            ["format"] = Sort.Format,
            ["certificate_id"] = record.Id.ToString(),
            ["reserve_id"] = reserve.ToString(),
            ["deletion_timestamp"] = CertificateFile.Time(record.ErasedNs),
            ["deletion_method"] = "NIST SP 800-88 Rev. 2, cryptographic erase: the only key that opens the subject's data keys (P-256; HPKE; AES-256-GCM below) was left out of a new epoch of the key store, and every secret of earlier epochs destroyed",
            ["request"] = new JsonObject
            {
                ["requested"] = CertificateFile.Time(record.RequestedNs), ["requested_by"] = record.RequestedBy, ["due"] = CertificateFile.Time(record.DueNs), ["legal_basis"] = record.LegalBasis, ["reference"] = record.Reference,
            },
            ["subjects"] = CertificateFile.Array(record.Targets, target => new JsonObject
            {
                ["pseudonym"] = target.Pseudonym.ToString(), ["tag"] = target.Tag.ToString(), ["key_commitment_sha256"] = target.Commitment.ToString(),
            }),
            ["scope"] = new JsonObject
            {
                ["tiers"] = CertificateFile.Array(facts.Scope.Hits, hit => new JsonObject
                {
                    ["tier"] = hit.Tier.ToString(), ["data_class"] = hit.DataClass.ToString(), ["restore_points"] = hit.Points, ["items"] = hit.Items, ["bytes"] = hit.Length,
                }),
                ["packs"] = facts.Scope.Packs, ["stored_bytes"] = facts.Scope.StoredBytes, ["chunks"] = facts.Scope.Chunks.Count,
            },
            ["key_locations"] = CertificateFile.Array(facts.Keys.Places, place => new JsonObject
            {
                ["path"] = place.Path, ["what"] = place.What, ["method"] = "files of earlier epochs overwritten, deleted, absence read back", ["verified"] = CertificateFile.Time(facts.Now), ["actor"] = facts.By,
            }),
            ["residual_copies"] = CertificateFile.Array(facts.Residuals, copy => new JsonObject { ["what"] = copy.What, ["ends"] = copy.EndTime is { } end ? CertificateFile.Time(end) : "when that restore point is dropped" }),
            ["verification"] = new JsonObject
            {
                ["time"] = CertificateFile.Time(facts.Now), ["backups_cleared"] = facts.Proof.Holds, ["epoch"] = facts.Keys.Epoch, ["chunks_tried"] = facts.Proof.Tried, ["chunks_refused"] = facts.Proof.Refused,
                ["neighbour_chunks_tried"] = facts.Proof.NeighboursTried, ["neighbour_chunks_opened"] = facts.Proof.NeighboursOpened, ["surviving_key_records_opened"] = facts.Keys.Survivors,
            },
            ["exceptions"] = Exceptions(facts),
            ["audit"] = new JsonObject { ["ledger_entries"] = facts.Ledger.Entries.Count, ["ledger_head"] = facts.Ledger.Head.ToString() },
            ["approvers"] = new JsonArray([.. record.Approvers.Select(approver => (JsonNode)approver)]),
            ["authorized_by"] = facts.By,
        };
    }

    private static JsonArray Exceptions(CertificateFacts facts)
    {
        var exceptions = facts.OtherHosts.Select(host => $"host {host}: paths and chunk ids in its cache, and its copy of the writer secret, which open nothing, go with its next runs").ToList();
        exceptions.AddRange(facts.TiersAway.Select(away => $"{away.TrimEnd('.')}; the key is destroyed, so that what lies there opens for nobody; it was not counted, and claims and ledger get there with the next sync"));
        exceptions.Add("what other subjects' data says of this one (logs, others' documents) is theirs and is not reached");
        return new JsonArray([.. exceptions.Select(text => (JsonNode)text)]);
    }
}
