using System.Text;
using System.Text.Json.Nodes;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Certificates;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>What an erasure leaves on record: whoever changes or removes any of it is found out.</summary>
public sealed class ErasureRecordTests
{
    [Fact]
    public async Task Every_byte_of_a_ledger_entry_counts()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        await fixture.CompleteAsync();
        var (name, bytes) = fixture.Keys.Store.Objects.Single(pair => pair.Key.StartsWith("ledger/", StringComparison.Ordinal));
        for (var at = 0; at < bytes.Length; at += 3)
        {
            var objects = new Dictionary<string, ReadOnlyMemory<byte>>(fixture.Keys.Store.Objects, StringComparer.Ordinal);
            var changed = bytes.ToArray();
            changed[at] ^= 1;
            objects[name] = changed;
            var result = await fixture.VerifyAsync(new MemoryObjectStore(objects));
            Assert.Contains(result.Faults, fault => fault.Object == name);
        }
    }

    [Fact]
    public async Task A_ledger_that_was_cut_short_is_named_and_no_restore_begins()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        await fixture.CompleteAsync();
        await fixture.BackupAsync([]);
        var name = fixture.Keys.Store.Objects.Keys.Single(key => key.StartsWith("ledger/", StringComparison.Ordinal));
        await fixture.Keys.Store.DeleteAsync(name, default);
        Assert.Contains((await fixture.VerifyAsync()).Faults, fault => fault.Object == name);

        // Where the key directory's copy is lost too, nothing says who was erased.
        File.Delete(Path.Combine(fixture.Keys.Options.KeyDirectory, "signed", Path.Combine(name.Split('/'))));
        Assert.Equal("LedgerShort", (await Assert.ThrowsAsync<StingException>(() => fixture.RestoreAsync("bob"))).ErrorId);
    }

    [Fact]
    public async Task Every_field_of_a_certificate_is_signed()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        var done = Assert.Single(await fixture.CompleteAsync());
        var bytes = File.ReadAllBytes(done.Certificate!);
        Assert.Single(JsonNode.Parse(bytes)!["certificate"]!["approvers"]!.AsArray());
        Assert.DoesNotMatch(@"\bada\b", JsonNode.Parse(bytes)!["certificate"]!.ToJsonString());   // hashes and keys may hold the letters
        using var keys = fixture.Keys.Open();
        var sound = CertificateReader.Check("c", bytes, keys.KeyRoleFingerprint);
        Assert.True(sound is { IsValid: true, IsTrusted: true }, string.Join(' ', sound.Problems));
        Assert.False(CertificateReader.Check("c", bytes, new string('0', 64)).IsValid);
        Assert.False(CertificateReader.Check("c", "{}"u8, null).IsValid);
        Assert.False(CertificateReader.Check("c", bytes.AsSpan(5), null).IsValid);

        var changes = 0;
        foreach (var path in Leaves(JsonNode.Parse(bytes)!["certificate"]!, []))
        {
            var document = JsonNode.Parse(bytes)!;
            var node = document["certificate"]!;
            foreach (var step in path[..^1])
            {
                node = step is int i ? node[i]! : node[(string)step]!;
            }
            if (path[^1] is int index)
            {
                node[index] = "changed";
            }
            else
            {
                node[(string)path[^1]] = "changed";
            }
            Assert.False(CertificateReader.Check("c", Encoding.UTF8.GetBytes(document.ToJsonString()), null).IsValid, string.Join('/', path));
            changes++;
        }
        Assert.True(changes > 30, $"{changes} fields");
        var added = JsonNode.Parse(bytes)!;
        added["comment"] = "not signed";
        Assert.False(CertificateReader.Check("c", Encoding.UTF8.GetBytes(added.ToJsonString()), null).IsValid);
    }

    [Fact]
    public async Task A_changed_byte_of_a_request_or_hold_is_named()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        await using (var installation = await fixture.OpenAsync())
        {
            await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, "bob", "lawsuit 7", default), "counsel", default);
        }
        foreach (var folder in new[] { "erasures", "holds" })
        {
            var path = Assert.Single(Directory.GetFiles(fixture.Keys.InKeys(folder)));
            var bytes = File.ReadAllBytes(path);
            for (var at = 0; at < bytes.Length; at += 7)
            {
                var changed = bytes.ToArray();
                changed[at] ^= 1;
                File.WriteAllBytes(path, changed);
                await using var installation = await fixture.OpenAsync();
                var told = Assert.Throws<StingException>(() => folder == "holds" ? (object)LegalHolds.List(installation, true) : ErasureJob.List(installation));
                Assert.Equal((FailureKind.Integrity, path), (told.Kind, told.Target));
            }
            File.WriteAllBytes(path, bytes);
        }
    }

    private static IEnumerable<object[]> Leaves(JsonNode node, object[] path) => node switch
    {
        JsonObject fields => fields.SelectMany(field => Leaves(field.Value!, [.. path, field.Key])),
        JsonArray items => items.SelectMany((item, i) => Leaves(item!, [.. path, i])),
        _ => [path],
    };
}
