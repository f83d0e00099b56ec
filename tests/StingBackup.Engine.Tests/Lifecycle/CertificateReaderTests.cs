using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Certificates;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>A certificate proves itself, or says why not, whatever the file holds.</summary>
public sealed class CertificateReaderTests : IDisposable
{
    private readonly EcdsaSigner _first = EcdsaSigner.Generate(), _next = EcdsaSigner.Generate();
    private readonly Id16 _reserve = new(RandomNumberGenerator.GetBytes(Id16.Size));

    public void Dispose()
    {
        _first.Dispose();
        _next.Dispose();
    }

    private byte[] Signed(EcdsaSigner signer, Action<JsonObject>? change = null, CertificateSort? sort = null)
    {
        sort ??= DestructionCertificate.Sort;
        var certificate = new JsonObject { ["format"] = sort.Format };
        foreach (var key in sort.Required)
        {
            certificate[key] = key switch { "deletion_timestamp" => "2026-01-15T02:00:00Z", "reserve_id" or "writer" => _reserve.ToString(), _ => "said" };
        }
        change?.Invoke(certificate);
        return CertificateFile.Make(certificate, signer, ("key_role", signer.PublicKey));
    }

    [Theory]
    [InlineData("", "it is no certificate")]
    [InlineData("[]", "it is no JSON object")]
    [InlineData("{}", "it has no 'certificate'")]
    [InlineData("""{"certificate":[]}""", "it has no 'certificate'")]
    [InlineData("""{"certificate":{}}""", "its format is ''")]
    [InlineData("""{"certificate":{"format":"sting-other/1"}}""", "its format is 'sting-other/1'")]
    [InlineData("""{"certificate":{"format":"sting-destruction-certificate/1"},"key_role":"!"}""", "it is no certificate")]
    [InlineData("""{"certificate":{"format":"sting-destruction-certificate/1"},"key_role":7}""", "it is no certificate")]
    [InlineData("""{"certificate":{"format":"sting-destruction-certificate/1"}}""", "its signature does not fit")]
    [InlineData("""{"certificate":{"format":"sting-purge-certificate/1"}}""", "its signature does not fit")]
    [InlineData("""{"certificate":{"format":"x","format":"y"}}""", "it is no certificate")]
    public void What_is_none_says_what_is_wrong_with_it(string text, string problem)
    {
        foreach (var trusted in (string?[])[null, new string('0', 64)])
        {
            var check = CertificateReader.Check("c", Encoding.UTF8.GetBytes(text), trusted);
            Assert.Equal((false, trusted is null ? null : false), (check.IsValid, check.IsTrusted));
            Assert.Contains(check.Problems, told => told.Contains(problem, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void One_counts_for_who_trusts_its_key_however_that_is_written()
    {
        var bytes = Signed(_first);
        Assert.True(CertificateReader.Check("c", bytes, null) is { IsValid: true, IsTrusted: null, ErasedTime: not null });
        Assert.True(CertificateReader.Check("c", bytes, $" {Fingerprint.Of(_first.PublicKey.Span).ToUpperInvariant()} ") is { IsValid: true, IsTrusted: true });
        var other = CertificateReader.Check("c", bytes, Fingerprint.Of(_next.PublicKey.Span));
        Assert.Equal((false, false), (other.IsValid, other.IsTrusted));
        Assert.Null(CertificateReader.Check("c", Signed(_first, c => c["deletion_timestamp"] = "some day"), null).ErasedTime);
    }

    [Fact]
    public void One_that_carries_the_chain_of_its_key_role_counts_for_who_trusts_an_earlier_key()
    {
        var chain = KeyRoleChain.Of(_first.PublicKey.ToArray()).HandOver(_first, _next, _reserve, 1);
        var earlier = Fingerprint.Of(_first.PublicKey.Span);
        bool IsTrusted(EcdsaSigner signer, string trusted, Action<JsonObject> change) => CertificateReader.Check("c", Signed(signer, change), trusted).IsTrusted == true;
        void Carry(JsonObject certificate) => certificate["key_handovers"] = Convert.ToBase64String(chain.Handovers);
        Assert.True(IsTrusted(_next, earlier, Carry));
        Assert.False(IsTrusted(_next, earlier, _ => { }));
        Assert.False(IsTrusted(_next, earlier, c => c["key_handovers"] = Convert.ToBase64String([1, 2, 3])));
        Assert.False(IsTrusted(_first, Fingerprint.Of(_next.PublicKey.Span), Carry));   // the chain has left the key that signed it
        Assert.False(IsTrusted(_next, new string('0', 64), Carry));
        Assert.False(IsTrusted(_next, earlier, c =>
        {
            Carry(c);
            c["reserve_id"] = "none";
        }));
        Assert.False(IsTrusted(_next, earlier, c =>
        {
            Carry(c);
            c.Remove("reserve_id");
        }));
    }

    [Fact]
    public void One_without_a_chain_counts_by_the_public_file_of_its_reserve_alone()
    {
        using var kek = AgreementKey.Generate();
        var chain = KeyRoleChain.Of(_first.PublicKey.ToArray()).HandOver(_first, _next, _reserve, 1);
        var half = new PublicHalf { ReserveId = _reserve, KekPublicKey = kek.PublicKey.ToArray(), KekGeneration = 1, KeyRolePublicKey = chain.Current, CreatedNs = 1, Handovers = chain.Handovers };
        var reserve = CertificateReserve.Read("reserve.pub", half.ToBytes(_next));
        using var stranger = EcdsaSigner.Generate();
        var others = CertificateReserve.Read("reserve.pub", (half with { KeyRolePublicKey = stranger.PublicKey.ToArray(), Handovers = [] }).ToBytes(stranger));
        var (bytes, trusted) = (Signed(_first), Fingerprint.Of(_next.PublicKey.Span));
        Assert.True(CertificateReader.Check("c", bytes, trusted, reserve) is { IsValid: true, IsTrusted: true });
        Assert.False(CertificateReader.Check("c", bytes, trusted, others).IsTrusted);
        Assert.False(CertificateReader.Check("c", Signed(stranger), trusted, reserve).IsTrusted);
    }

    [Theory]
    [InlineData("reserve_id"), InlineData("writer")]
    public void A_certificate_of_what_was_swept_names_its_reserve_and_writer_by_their_ids(string field)
    {
        var bytes = Signed(_first, c => c[field] = "nobody", PurgeCertificate.Sort);
        Assert.Contains("is no id", Assert.Single(CertificateReader.Check("c", bytes, null).Problems), StringComparison.Ordinal);
        // With ids that are some, it still lacks the enrolment that gives its writer the right.
        Assert.Contains("proves no right", Assert.Single(CertificateReader.Check("c", Signed(_first, sort: PurgeCertificate.Sort), null).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_erasure_could_not_reach_and_what_stays_stand_in_its_certificate_and_on_its_page()
    {
        var now = new DateTimeOffset(2026, 1, 15, 2, 0, 0, TimeSpan.Zero);
        var record = new ErasureRecord
        {
            Reserve = _reserve, Id = _reserve, State = ErasureState.Completed, Names = [], Targets = [new ErasureTarget(_reserve, _reserve, [], new Id32(RandomNumberGenerator.GetBytes(Id32.Size)))],
            RequestedNs = 1, RequestedBy = "dpo", DueNs = 2, LegalBasis = "GDPR Art. 17", Reference = "ticket <12>", Approvers = ["officer"],
        };
        var scope = new ErasureScope([], 1, 2, [0], [1]).With(new ErasureScope([], 2, 3, [4, 5], [6]));
        var proof = new ErasureProof(1, 1, 2, 2, null).With(new ErasureProof(2, 2, 3, 2, "it does not open"));
        Assert.Equal("it does not open", proof.With(new ErasureProof(0, 0, 0, 0, "nor does another")).Fault);
        Assert.Equal((3L, 5L, 3, 1), (scope.Packs, scope.StoredBytes, scope.Chunks.Count, scope.Neighbours.Count));
        Assert.Equal((false, "it does not open", true, false), (proof.Holds, proof.Fault, new ErasureProof(1, 1, 0, 0, null).Holds, new ErasureProof(2, 1, 0, 0, null).Holds));
        var chain = KeyRoleChain.Of(_first.PublicKey.ToArray()).HandOver(_first, _next, _reserve, 1);
        var facts = new CertificateFacts(record, new LeftBehind(2, 1, 3, [], [], [new KeyPlaceKind("/keys/store", "key records")]), ErasureLedger.Empty, scope, proof,
            [new ResidualCopy("captures", now), new ResidualCopy("a dump", null)], ["host-b"], "officer", now) { TiersAway = ["tier Remote could not be reached."] };
        var bytes = DestructionCertificate.Make(facts, _reserve, _next, chain.Handovers);
        Assert.True(CertificateReader.Check("c", bytes, Fingerprint.Of(_first.PublicKey.Span)) is { IsValid: true, IsTrusted: true });
        var certificate = JsonNode.Parse(bytes)!["certificate"]!;
        Assert.Equal(["2026-01-15T02:00:00Z", "when that restore point is dropped"], certificate["residual_copies"]!.AsArray().Select(copy => copy!["ends"]!.ToString()));
        Assert.Equal(3, certificate["exceptions"]!.AsArray().Count);
        var page = Encoding.UTF8.GetString(CertificatePage.Render(bytes));
        Assert.Contains("host host-b", page, StringComparison.Ordinal);
        Assert.Contains("<p>Nothing.</p>", page, StringComparison.Ordinal);   // no tier was hit
        Assert.Contains("ticket &lt;12&gt;", page, StringComparison.Ordinal);
        Assert.Null(JsonNode.Parse(DestructionCertificate.Make(facts, _reserve, _next, []))!["certificate"]!["key_handovers"]);
    }
}
