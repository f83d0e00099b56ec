using System.Text;
using System.Text.Json.Nodes;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle.Certificates;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Repository.Parity;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Lifecycle.Pruning;

/// <summary>What was deleted because its time was over is certified, by a file that proves itself anywhere.</summary>
public sealed class PurgeCertificateTests : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromHours(49);
    private ErasureFixture _fixture = null!;

    public void Dispose() => _fixture.Dispose();

    /// <summary>Two old points of two people are over; only Bob is in the new one. Sweeps until something is deleted.</summary>
    private async Task<PruneResult> PurgeAsync()
    {
        _fixture = await ErasureFixture.CreateAsync();
        Directory.Delete(Path.Combine(_fixture.Reserve, "users", "ada"), recursive: true);
        _fixture.Keys.Clock.Advance(TimeSpan.FromDays(370));
        await _fixture.BackupAsync();
        await using (var installation = await _fixture.OpenAsync())
        {
            await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
        }
        for (var sweeps = 0; ; sweeps++)
        {
            Assert.True(sweeps < 5, "nothing was deleted");
            if (await SweepAsync() is { Deleted.Packs: > 0 } swept)
            {
                return swept;
            }
        }
    }

    private async Task<PruneResult> SweepAsync()
    {
        _fixture.Keys.Clock.Advance(Step);
        await using var installation = await _fixture.OpenAsync();
        return await TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(installation, default));
    }

    private string Fingerprint()
    {
        using var keys = _fixture.Keys.Open();
        return keys.KeyRoleFingerprint;
    }

    [Fact]
    public async Task What_was_deleted_is_certified_by_a_file_that_proves_itself()
    {
        var swept = await PurgeAsync();
        var path = Assert.Single(swept.Certificates);
        var bytes = File.ReadAllBytes(path);
        var check = CertificateReader.Check(path, bytes, Fingerprint());
        Assert.True(check is { IsValid: true, IsTrusted: true, Format: "sting-purge-certificate/1" }, string.Join(' ', check.Problems));
        var certificate = JsonNode.Parse(bytes)!["certificate"]!;
        Assert.Equal(swept.Deleted.Packs, certificate["packs"]!.AsArray().Count);
        Assert.All(certificate["packs"]!.AsArray(), pack => Assert.DoesNotContain(_fixture.Keys.Store.Objects.Keys, name => name.EndsWith(pack!["sha256"]!.ToString(), StringComparison.Ordinal)));
        Assert.Contains(certificate["restore_points"]!.AsArray(), part => part!["data_class"]!.ToString() == "UserFiles" && part["reason"]!.ToString() == "Expired");
        Assert.DoesNotMatch(@"\bada\b", certificate.ToJsonString());   // not a part of a word, nor of a hash
        Assert.Contains("Packs deleted", File.ReadAllText(Path.ChangeExtension(path, ".html")), StringComparison.Ordinal);
        await using var installation = await _fixture.OpenAsync();
        var noted = await AuditReader.ReadAsync(installation, default);
        Assert.Contains(noted.Select(entry => entry.Outcome), outcome => outcome.Contains(check.CertificateId, StringComparison.Ordinal) && outcome.Contains(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), StringComparison.Ordinal));
        Assert.False(CertificateReader.Check(path, bytes, new string('0', 64)).IsValid);
    }

    [Fact]
    public async Task Every_field_of_it_is_signed_and_a_host_without_the_right_signs_none()
    {
        var bytes = File.ReadAllBytes(Assert.Single((await PurgeAsync()).Certificates));
        foreach (var field in JsonNode.Parse(bytes)!["certificate"]!.AsObject().Select(f => f.Key))
        {
            var changed = JsonNode.Parse(bytes)!;
            changed["certificate"]![field] = field is "reserve_id" or "writer" ? new string('0', 32) : "changed";
            Assert.False(Check(changed).IsValid, field);
            var removed = JsonNode.Parse(bytes)!;
            removed["certificate"]!.AsObject().Remove(field);
            Assert.False(Check(removed).IsValid, field);
        }
        foreach (var beside in (string[])["key_role", "enrolment", "signature"])
        {
            var changed = JsonNode.Parse(bytes)!;
            var raw = Convert.FromBase64String(changed[beside]!.ToString());
            raw[^1] ^= 1;
            changed[beside] = Convert.ToBase64String(raw);
            Assert.False(Check(changed).IsValid, beside);
            changed.AsObject().Remove(beside);
            Assert.False(Check(changed).IsValid, beside);
        }
        // Another host's enrolment, rightly signed, that may not let anything go.
        var others = JsonNode.Parse(bytes)!;
        others["enrolment"] = Convert.ToBase64String(await EnrolmentWithoutRightAsync(others["certificate"]!["writer"]!.ToString()));
        Assert.Contains(Check(others).Problems, problem => problem.Contains("without the right", StringComparison.Ordinal));

        static CertificateCheck Check(JsonNode document) => CertificateReader.Check("c", Encoding.UTF8.GetBytes(document.ToJsonString()), null);
    }

    private async Task<byte[]> EnrolmentWithoutRightAsync(string writer)
    {
        await using var installation = await _fixture.OpenAsync();
        using var reader = installation.Keys!.Unlock(null);
        var enrolled = installation.Writers.All.Single(w => w.Id.ToString() == writer) with { MayMaintain = false };
        return new WriterObject(installation.Reserve, 7, enrolled, 1).ToBytes(reader.Role.Keys.KeyRole);
    }

    [Theory]
    [InlineData("a pack"), InlineData("parity"), InlineData(null)]
    public async Task Of_what_a_store_keeps_or_a_host_cannot_prove_no_certificate_is_made(string? kept)
    {
        _fixture = await ErasureFixture.CreateAsync();
        var memory = _fixture.Keys.Store;
        foreach (var pack in memory.Objects.Keys.Where(name => kept == "parity" && ObjectName.IsPack(name)).ToArray())
        {
            await memory.PutAsync(PackParity.NameOf(pack), new byte[1], default);
        }
        Directory.Delete(Path.Combine(_fixture.Reserve, "users", "ada"), recursive: true);
        _fixture.Keys.Clock.Advance(TimeSpan.FromDays(370));
        await _fixture.BackupAsync();
        await using (var installation = await _fixture.OpenAsync())
        {
            await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
        }
        var warnings = new List<string>();
        StingException? refused = null;
        for (var sweeps = 0; sweeps < 4 && refused is null; sweeps++)
        {
            _fixture.Keys.Clock.Advance(Step);
            await using var installation = await _fixture.OpenAsync(kept switch
            {
                null => null,
                "a pack" => new KeepingStore(memory, static _ => ValueTask.FromResult(true)),
                _ => new KeepingStore(new ParityStore(memory, 5), pack => memory.DeleteAsync(pack, default)),
            });
            if (kept is null)
            {
                await _fixture.Keys.Store.DeleteAsync($"writers/{installation.Writer}", default);   // the key directory still has it
            }
            refused = await Record.ExceptionAsync(async () =>
            {
                await foreach (var happened in PruneJob.RunAsync(installation, default))
                {
                    warnings.AddRange(happened is WarningEvent warning ? [warning.Message] : []);
                }
            }) as StingException;
        }
        Assert.Equal(kept is null ? null : "PurgeIncomplete", refused?.ErrorId);
        Assert.Equal(kept == "parity", refused?.Target?.StartsWith("parity/", StringComparison.Ordinal) ?? false);
        Assert.Equal(kept is null, warnings.Exists(warning => warning.StartsWith("No certificate was made", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFiles(_fixture.Keys.Folder, "purge-*.json", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task What_a_certificate_names_no_later_one_names_again()
    {
        var first = Assert.Single((await PurgeAsync()).Certificates);
        // Beside it lie files that are none, or another tier's: none of them says that anything was named.
        string[] others = ["null", "[]", "{}", """{"certificate":{}}""", """{"certificate":{"tier":"Local"}}""", """{"certificate":{"tier":"Remote"}}""", """{"certificate":{"tier":"Local","restore_points":[null,{},{"backup_id":null,"data_class":null}]}}""", "no certificate"];
        foreach (var (at, text) in others.Index())
        {
            await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(first)!, $"purge-{at}.json"), text);
        }
        using (var keys = _fixture.Keys.Open())
        using (var reader = keys.Unlock(null))
        {
            await keys.RenewWriterAsync(reader, _fixture.Keys.Store, default);              // the first of the host's enrolments names a key that signs no more
            await keys.RenewSigningAsync(reader, null, _fixture.Keys.Store, default);   // and they are signed by the key of before
        }
        Directory.Delete(Path.Combine(_fixture.Reserve, "users", "bob"), recursive: true);
        _fixture.Keys.Clock.Advance(TimeSpan.FromDays(370));
        _fixture.Write("users/eve/new.txt", "Eve's"u8);
        await _fixture.BackupAsync();
        await using (var installation = await _fixture.OpenAsync())
        {
            await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
        }
        string? second = null;
        for (var sweeps = 0; second is null && sweeps < 6; sweeps++)
        {
            second = await SweepAsync() is { Certificates: [var certificate, ..] } ? certificate : null;
        }
        var one = Named(first);
        var two = Named(Assert.IsType<string>(second));
        Assert.NotEmpty(two);
        Assert.Empty(one.Intersect(two));

        static HashSet<string> Named(string path) => [.. JsonNode.Parse(File.ReadAllBytes(path))!["certificate"]!["restore_points"]!.AsArray().Select(p => $"{p!["backup_id"]} {p["data_class"]}")];
    }

    /// <summary>Deletes of packs what it is told to, and says that nothing is left.</summary>
    private sealed class KeepingStore(IObjectStore inner, Func<string, ValueTask<bool>> delete) : IObjectStore
    {
        public IParityStore? Parity => inner.Parity;
        public string Location => inner.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => ObjectName.IsPack(name) ? delete(name) : inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
