using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Lifecycle.Certificates;

/// <summary>What one sort of certificate must hold, and whose signature it bears.</summary>
/// <param name="Format">What stands in <c>format</c>.</param>
/// <param name="Required">Fields of the certificate.</param>
/// <param name="Beside">Fields beside the certificate, the signature excepted.</param>
/// <param name="SigningKeyOf">The public key that must have signed it, of document and certificate; a <see cref="StingException"/> or <see cref="JsonException"/> where it proves no right to.</param>
internal sealed record CertificateSort(string Format, string[] Required, string[] Beside, Func<JsonObject, JsonObject, byte[]> SigningKeyOf);

/// <summary>Checks certificates, with nothing but the file at hand.</summary>
public static class CertificateReader
{
    private static readonly CertificateSort[] Sorts = [DestructionCertificate.Sort, PurgeCertificate.Sort];

    /// <summary>Looks at a certificate. Needs nothing but the file; with a fingerprint it says whether that key role stands behind it.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="trusted">The key role's fingerprint, or null.</param>
    /// <param name="reserve">A copy of <c>reserve.pub</c>, which says how the key role's keys followed one another, or null: a certificate knows those before its own alone.</param>
    /// <exception cref="StingException"><c>KeyFileDamaged</c> for one that is no reserve.pub</exception>
    public static CertificateCheck Check(string path, ReadOnlySpan<byte> bytes, string? trusted, CertificateReserve? reserve = null)
    {
        var isEarlier = false;
        var problems = new List<string>();
        var (id, format, fingerprint, ended) = ("", "", "", (DateTimeOffset?)null);
        try
        {
            var document = JsonNode.Parse(bytes) as JsonObject ?? throw new JsonException("it is no JSON object");
            var certificate = document["certificate"] as JsonObject ?? throw new JsonException("it has no 'certificate'");
            format = certificate["format"]?.ToString() ?? "";
            id = certificate["certificate_id"]?.ToString() ?? "";
            ended = DateTimeOffset.TryParse(certificate["deletion_timestamp"]?.ToString(), CultureInfo.InvariantCulture, out var time) ? time : null;
            if (Array.Find(Sorts, s => s.Format == format) is { } sort)
            {
                problems.AddRange(document.Select(field => field.Key).Except(["certificate", "signature", .. sort.Beside]).Select(key => $"it holds '{key}', which nobody signed."));
                problems.AddRange(sort.Required.Where(key => certificate[key] is null).Select(key => $"it does not say '{key}'."));
                fingerprint = Signer(document, certificate, sort, problems);
                isEarlier = trusted is not null && fingerprint.Length > 0 && IsOfOneChain(trusted.Trim(), document, certificate, reserve);
            }
            else
            {
                problems.Add($"its signature cannot be looked at: its format is '{format}', and this version knows {string.Join(" and ", Sorts.Select(s => $"'{s.Format}'"))}.");
            }
        }
        catch (Exception wrong) when (wrong is JsonException or FormatException or InvalidOperationException or ArgumentException)   // the last: a member stands twice
        {
            problems.Add($"it is no certificate: {wrong.Message}");
        }
        bool? isTrusted = trusted is null ? null : fingerprint.Length > 0 && (isEarlier || string.Equals(trusted.Trim(), fingerprint, StringComparison.OrdinalIgnoreCase));
        if (isTrusted == false && fingerprint.Length > 0)
        {
            problems.Add($"key role {fingerprint} stands behind it, not {trusted}.");
        }
        return new CertificateCheck
        {
            Path = path, IsValid = problems.Count == 0, Format = format, CertificateId = id, ErasedTime = ended, KeyFingerprint = fingerprint, IsTrusted = isTrusted, Problems = problems.ToArray(),
        };
    }

    /// <summary>Whether the key role whom somebody trusts, and the one behind the signature, are keys of one key role that followed one another.</summary>
    private static bool IsOfOneChain(string trusted, JsonObject document, JsonObject certificate, CertificateReserve? reserve)
    {
        var keyRole = CertificateFile.Beside(document, "key_role");
        return (reserve?.Chain is { } known && known.Holds(trusted) && known.Holds(keyRole))
            || (certificate["key_handovers"]?.GetValue<string>() is { } handovers && Id16.TryParse(certificate["reserve_id"]?.ToString() ?? "", out var id)
                && KeyRoleChain.TryRead(Convert.FromBase64String(handovers), id) is { } chain && chain.Current.AsSpan().SequenceEqual(keyRole) && chain.Holds(trusted));
    }

    /// <summary>Fingerprint of the key role behind the signature; empty where there is none.</summary>
    private static string Signer(JsonObject document, JsonObject certificate, CertificateSort sort, List<string> problems)
    {
        var keyRole = CertificateFile.Beside(document, "key_role");
        try
        {
            if (P256.IsPublicKey(keyRole) && SignatureVerifier.Verify(sort.SigningKeyOf(document, certificate), CertificateFile.Canonical(certificate), CertificateFile.Beside(document, "signature")))
            {
                return Fingerprint.Of(keyRole);
            }
            problems.Add("its signature does not fit: it was changed since it was signed, or its key is no key.");
        }
        catch (StingException e)
        {
            problems.Add($"who signed it proves no right to: {e.Message}");
        }
        return "";
    }
}
