using System.Text.Json;
using System.Text.Json.Nodes;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources.Vault;

namespace StingBackup.Engine.Lifecycle;

/// <summary>What a certificate is made of.</summary>
internal sealed record CertificateFacts(
    ErasureRecord Record, LeftBehind Keys, ErasureLedger Ledger, ErasureScope Scope, ErasureProof Proof, IReadOnlyList<ResidualCopy> Residuals, IReadOnlyList<string> OtherHosts,
    string By, DateTimeOffset Now);

/// <summary>
/// The certificate of an erasure: <c>{"certificate": {…}, "key_role": public key, "signature": …}</c>, both in base64. Signed is the canonical JSON (docs/vault-secrets.md §4)
/// of <c>certificate</c>, by the key role. It names nobody: pseudonym and request do.
/// </summary>
public static class DestructionCertificate
{
    /// <summary>What stands in <c>format</c>.</summary>
    public const string Format = "sting-destruction-certificate/1";

    private static readonly string[] Required =
        ["format", "certificate_id", "reserve_id", "deletion_timestamp", "deletion_method", "request", "subjects", "scope", "key_locations", "residual_copies", "verification", "exceptions", "audit", "approvers", "authorized_by"];

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static byte[] Make(CertificateFacts facts, Id16 reserve, ISigner keyRole, byte[] handovers)
    {
        var certificate = Content(facts, reserve);
        if (handovers.Length > 0)
        {
            certificate["key_handovers"] = Convert.ToBase64String(handovers);
        }
        var signature = keyRole.Sign(Canonical(certificate));
        var document = new JsonObject
        {
            ["certificate"] = certificate, ["key_role"] = Convert.ToBase64String(keyRole.PublicKey.Span), ["signature"] = Convert.ToBase64String(signature),
        };
        return JsonSerializer.SerializeToUtf8Bytes(document, Readable);
    }

    /// <summary>Looks at a certificate. Needs nothing but the file; with a fingerprint it says whether that key role signed it.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="trusted">The key role's fingerprint, or null.</param>
    /// <param name="reserve">A copy of <c>reserve.pub</c>, which says how the key role's keys followed one another, or null: a certificate knows those before its own alone.</param>
    /// <exception cref="StingException"><c>KeyFileDamaged</c> for one that is no reserve.pub</exception>
    public static CertificateCheck Check(string path, ReadOnlySpan<byte> bytes, string? trusted, CertificateReserve? reserve = null)
    {
        var known = reserve?.Chain;
        var problems = new List<string>();
        var isEarlier = false;
        var (id, fingerprint, erased) = ("", "", (DateTimeOffset?)null);
        try
        {
            var document = JsonNode.Parse(bytes) as JsonObject ?? throw new JsonException("it is no JSON object");
            var certificate = document["certificate"] as JsonObject ?? throw new JsonException("it has no 'certificate'");
            var keyRole = Convert.FromBase64String(document["key_role"]?.GetValue<string>() ?? "");
            var signature = Convert.FromBase64String(document["signature"]?.GetValue<string>() ?? "");
            id = certificate["certificate_id"]?.ToString() ?? "";
            erased = DateTimeOffset.TryParse(certificate["deletion_timestamp"]?.ToString(), System.Globalization.CultureInfo.InvariantCulture, out var time) ? time : null;
            if (!P256.IsPublicKey(keyRole) || !SignatureVerifier.Verify(keyRole, Canonical(certificate), signature))
            {
                problems.Add("its signature does not fit: it was changed since it was signed, or its key is no key.");
            }
            else
            {
                fingerprint = Fingerprint.Of(keyRole);
                isEarlier = trusted is not null && (LeadsFrom(trusted, certificate, keyRole) || (known is not null && known.Holds(trusted.Trim()) && known.Holds(keyRole)));
            }
            problems.AddRange(document.Select(field => field.Key).Except(["certificate", "key_role", "signature"]).Select(key => $"it holds '{key}', which nobody signed."));
            problems.AddRange(Required.Where(key => certificate[key] is null).Select(key => $"it does not say '{key}'."));
            if (certificate["format"]?.ToString() is { } format && format != Format)
            {
                problems.Add($"its format is '{format}'; this version knows '{Format}'.");
            }
        }
        catch (Exception wrong) when (wrong is JsonException or FormatException or InvalidOperationException)
        {
            problems.Add($"it is no certificate: {wrong.Message}");
        }
        bool? isTrusted = trusted is null ? null : fingerprint.Length > 0 && (isEarlier || string.Equals(trusted.Trim(), fingerprint, StringComparison.OrdinalIgnoreCase));
        if (isTrusted == false && fingerprint.Length > 0)
        {
            problems.Add($"key role {fingerprint} signed it, not {trusted}.");
        }
        return new CertificateCheck
        {
            Path = path, IsValid = problems.Count == 0, CertificateId = id, ErasedTime = erased, KeyFingerprint = fingerprint, IsTrusted = isTrusted, Problems = problems.ToArray(),
        };
    }

    /// <summary>Whether the key role whom somebody trusts handed over, key by key, to the one that signed.</summary>
    private static bool LeadsFrom(string trusted, JsonObject certificate, byte[] keyRole) =>
        certificate["key_handovers"]?.GetValue<string>() is { } handovers && Id16.TryParse(certificate["reserve_id"]?.ToString() ?? "", out var reserve)
        && KeyRoleChain.TryRead(Convert.FromBase64String(handovers), reserve) is { } chain && chain.Current.AsSpan().SequenceEqual(keyRole) && chain.Holds(trusted.Trim());

    private static JsonObject Content(CertificateFacts facts, Id16 reserve)
    {
        var record = facts.Record;
        return new JsonObject
        {
            ["format"] = Format,
            ["certificate_id"] = record.Id.ToString(),
            ["reserve_id"] = reserve.ToString(),
            ["deletion_timestamp"] = Time(record.ErasedNs),
            ["deletion_method"] = "NIST SP 800-88 Rev. 2, cryptographic erase: the only key that opens the subject's data keys (P-256; HPKE; AES-256-GCM below) was left out of a new epoch of the key store, and every secret of earlier epochs destroyed",
            ["request"] = new JsonObject
            {
                ["requested"] = Time(record.RequestedNs), ["requested_by"] = record.RequestedBy, ["due"] = Time(record.DueNs), ["legal_basis"] = record.LegalBasis, ["reference"] = record.Reference,
            },
            ["subjects"] = Array(record.Targets, target => new JsonObject
            {
                ["pseudonym"] = target.Pseudonym.ToString(), ["tag"] = target.Tag.ToString(), ["key_commitment_sha256"] = target.Commitment.ToString(),
            }),
            ["scope"] = new JsonObject
            {
                ["tiers"] = Array(facts.Scope.Hits, hit => new JsonObject
                {
                    ["tier"] = hit.Tier.ToString(), ["data_class"] = hit.DataClass.ToString(), ["restore_points"] = hit.Points, ["items"] = hit.Items, ["bytes"] = hit.Length,
                }),
                ["packs"] = facts.Scope.Packs, ["stored_bytes"] = facts.Scope.StoredBytes, ["chunks"] = facts.Scope.Chunks.Count,
            },
            ["key_locations"] = Array(facts.Keys.Places, place => new JsonObject
            {
                ["path"] = place.Path, ["what"] = place.What, ["method"] = "files of earlier epochs overwritten, deleted, absence read back", ["verified"] = Time(facts.Now), ["actor"] = facts.By,
            }),
            ["residual_copies"] = Array(facts.Residuals, copy => new JsonObject { ["what"] = copy.What, ["ends"] = copy.EndTime is { } end ? Time(end) : "when that restore point is dropped" }),
            ["verification"] = new JsonObject
            {
                ["time"] = Time(facts.Now), ["backups_cleared"] = facts.Proof.Holds, ["epoch"] = facts.Keys.Epoch, ["chunks_tried"] = facts.Proof.Tried, ["chunks_refused"] = facts.Proof.Refused,
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
        exceptions.Add("what other subjects' data says of this one (logs, others' documents) is theirs and is not reached");
        return new JsonArray([.. exceptions.Select(text => (JsonNode)text)]);
    }

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode> make) => new([.. items.Select(make)]);

    private static string Time(long ns) => Time(Installation.FromNs(ns, 0));

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static byte[] Canonical(JsonObject certificate)
    {
        using var document = JsonDocument.Parse(certificate.ToJsonString());
        return CanonicalJson.ToBytes(document.RootElement);
    }
}

/// <summary>A copy of a reserve's public half, for whoever checks what an earlier key of its key role signed.</summary>
public sealed class CertificateReserve
{
    private CertificateReserve(KeyRoleChain chain) => Chain = chain;

    internal KeyRoleChain Chain { get; }

    /// <summary>Reads one; its signatures are checked.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <exception cref="StingException"><c>KeyFileDamaged</c></exception>
    public static CertificateReserve Read(string path, byte[] bytes) => new(PublicHalf.Read(bytes, path).Chain);
}
