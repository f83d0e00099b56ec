using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>What another program wrote from the format pages alone (Golden/make_golden.py) is read, and its digests and signatures come out the same.</summary>
public sealed class GoldenGovernanceTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Governance", "Golden", "format-1");
    private static readonly byte[][] Keys = [.. File.ReadAllLines(Path.Combine(Folder, "keys.hex")).Where(l => l.Length > 0).Select(Convert.FromHexString)];
    private static readonly Id16 Reserve = Sequence(0x10), Writer = Sequence(0x20), Request = Sequence(0x90);

    private static Id16 Sequence(byte first) => new([.. Enumerable.Range(first, 16).Select(i => (byte)i)]);

    [Fact]
    public void The_approvers_files_open()
    {
        using var passphrase = SecretBytes.CopyOf("Zoë's golden passphrase"u8);
        using var key = ApproverKeyFile.Open(Path.Combine(Folder, "officer.approver"), passphrase);
        Assert.Equal(Keys[2], key.PublicKey.ToArray());
        var half = ApproverKeyFile.ReadPublic(Path.Combine(Folder, "officer.approver.pub"));
        Assert.Equal(("Sécurité", EnrolledApprover.IdOf(Keys[2])), (half.Name, half.Id));
        var name = KeyObjectNames.Approver(half.Id, 1);
        var enrolled = ApproverObject.Read(name, File.ReadAllBytes(Path.Combine(Folder, "repository", name)), Reserve, Keys[0]);
        Assert.Equal((half.Name, null), (enrolled.Approver.Name, enrolled.Approver.RevokedNs));
    }

    [Fact]
    public void The_request_has_the_digests_that_the_approver_signed()
    {
        var folder = new ApprovalFolder(Folder);
        var request = folder.Find(Request);
        Assert.NotNull(request);
        Assert.Equal(("Remove-StingSubject", "user:zoë", "ja"), (request.Plan.Verb, request.Plan.Target, request.Plan.Fact("Ähnlich")));
        var (reserve, named, plan, approval) = ApprovalFolder.ReadApproval(folder.ApprovalPath(Request));
        Assert.Equal((Reserve, Request, request.Plan.Digest, request.Digest), (reserve, named, plan, approval.RequestDigest));
        Assert.True(approval.IsSignedBy(Keys[2], reserve, named, plan));
        Assert.False(approval.IsSignedBy(Keys[1], reserve, named, plan));
        Assert.False(approval.IsSignedBy(Keys[2], named, reserve, plan));
    }

    [Fact]
    public async Task The_chain_is_whole()
    {
        var objects = Directory.EnumerateFiles(Path.Combine(Folder, "repository", "audit"), "*", SearchOption.AllDirectories)
            .Select(f => KeyValuePair.Create(Path.GetRelativePath(Path.Combine(Folder, "repository"), f).Replace('\\', '/'), (ReadOnlyMemory<byte>)File.ReadAllBytes(f)));
        await using var store = new MemoryObjectStore(objects);
        using var writers = new EnrolledWriters([new EnrolledWriter(Writer, "host-a", Keys[1], Keys[1], null)], []);
        var approver = new EnrolledApprover(EnrolledApprover.IdOf(Keys[2]), "Sécurité", Keys[2], 1, null);
        await using var installation = new Installation
        {
            Reserve = Reserve, ReserveRoot = "/", Map = ReserveMap.Compile(new ReserveSettings { Path = "/" }, UsersMap.Empty), Store = store, Host = null, Writers = writers,
            UnlockAsync = _ => throw new InvalidOperationException(), StateFolder = Folder, CacheFolder = Folder, Threads = 1, ZstdLevel = 1, Zone = TimeZoneInfo.Utc, Clock = TimeProvider.System,
        };
        var chains = await AuditChains.LoadAsync(installation, new EnrolledApprovers([new ApproverObject(Reserve, 1, approver)], []), default);
        Assert.All(chains.Links, l => Assert.Null(l.Problem));
        Assert.Equal([AuditEvent.Executed, AuditEvent.Requested, AuditEvent.Approved, AuditEvent.Executed], chains.Records.Select(r => r.Event));
        Assert.True(chains.Has(Request, AuditEvent.Executed));
        // The same by another writer: his record is refused.
        var nobody = await AuditChains.LoadAsync(installation, EnrolledApprovers.None, default);
        Assert.Contains("whom nobody enrolled", Assert.Single(nobody.Links, l => l.Problem is not null).Problem, StringComparison.Ordinal);
    }
}
