using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Operations;

/// <summary>Two machines over one repository: one with the key directory, and one that was enrolled by it and has none.</summary>
public sealed class WriteOnlyHostTests : IDisposable
{
    private const string PlantedName = "planted-name-of-a-file";
    private const string PlantedContent = "planted content that nobody may read";

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_host_without_the_key_directory_backs_up_and_verifies_and_reads_nothing()
    {
        await EnrolAsync();
        await using var host = await OpenAsync("b");
        Assert.Null(host.Keys!.ListAsync(null, default).ToBlockingEnumerable().FirstOrDefault(k => k.Kind == KeyKind.KeyRole && k.State == KeyState.Ready));
        Assert.False(host.Keys.HasKeyDirectory);
        await BackupAsync(host, BackupType.Full);
        Write("users/new@example.com/later.txt", "a new person");
        var result = await BackupAsync(host, BackupType.Incremental);
        Assert.Equal(0, result.Errors);
        Assert.True(result.ItemsRead is > 0 and < 4, "An incremental run reads what is new alone.");

        foreach (var level in (IntegrityLevel[])[IntegrityLevel.Structure, IntegrityLevel.Packs])
        {
            Assert.Empty((await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(host, new VerifyRequest { Level = level }, default))).Faults);
        }
        await RefusedAsync(async () => await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(host, new VerifyRequest { Level = IntegrityLevel.Data }, default)));
        await RefusedAsync(async () => await RestoreJob.PlanAsync(host, new RestoreRequest { Scope = RestoreScope.Reserve, Date = "latest", Destination = Path.Combine(_folder.Path, "out") }, default));
        using var catalog = new Catalog(host);
        await RefusedAsync(async () => { await foreach (var _ in catalog.FindAsync("*.txt", null, new PointQuery(), default)) { } });
        await RefusedAsync(async () => await host.UnlockAsync(default));
        await RefusedAsync(async () => await HostRevocation.PlanAsync(host, "host-b", null, default));
        await RefusedAsync(() => { HostRegistry.PlanTopUp(host, "host-b", Path.Combine(_folder.Path, "none"), 10); return Task.CompletedTask; });
    }

    [Fact]
    public async Task Everything_on_the_host_with_the_whole_repository_gives_no_content_and_no_name()
    {
        await EnrolAsync();
        await using (var host = await OpenAsync("b"))
        {
            Write($"users/other@example.com/{PlantedName}", PlantedContent + new string('y', 200_000));
            await BackupAsync(host, BackupType.Full);
            await BackupAsync(host, BackupType.Incremental);
        }
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_folder.Path, "b"), "*", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(Path.Combine(_folder.Path, "backups"), "*", SearchOption.AllDirectories)))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            foreach (var planted in (string[])[PlantedName, PlantedContent, "other@example.com"])
            {
                Assert.False(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(planted)) >= 0, $"'{file}' shows '{planted}'.");
                Assert.DoesNotContain(planted, file, StringComparison.Ordinal);
            }
        }
        var keys = await File.ReadAllBytesAsync(Path.Combine(_folder.Path, "b", "state", "host", "host.key"));
        await using var reading = await OpenAsync("a");
        var reader = await reading.UnlockAsync(default);
        var view = await RepositoryView.LoadAsync(reading.Store, reading.Reserve, reading.Writers, default);
        var segments = view.Index.Fragments.SelectMany(f => f.Segments).Where(s => s.Header.Suite != SegmentHeader.ClearSuite).DistinctBy(s => Convert.ToHexString(s.Header.SealedKey.Span)).ToList();
        Assert.NotEmpty(segments);
        foreach (var segment in segments)
        {
            // What no key of the host opens, the restore role does: so the attempts below mean something.
            Assert.Equal(DataKeys.Size, reader.OpenDataKey(segment.Header.Pseudonym, segment.Header.Generation, segment.Header.SealedKey.Span).Length);
        }
        var opened = new byte[DataKeys.Size];
        for (var at = 0; at + 32 <= keys.Length; at++)
        {
            AgreementKey candidate;
            try
            {
                candidate = AgreementKey.FromScalar(keys.AsSpan(at, 32));
            }
            catch (CryptographicException)
            {
                continue;
            }
            using (candidate)
            {
                Assert.DoesNotContain(segments, s => DataKeys.TryOpen(candidate, reading.Reserve, s.Header.Pseudonym, s.Header.Generation, s.Header.SealedKey.Span, opened));
            }
        }
    }

    [Fact]
    public async Task A_revoked_host_is_refused_and_nothing_later_of_it_counts()
    {
        await EnrolAsync();
        string good, late;
        Id16 writer;
        await using (var host = await OpenAsync("b"))
        {
            writer = host.Writer;
            good = (await BackupAsync(host, BackupType.Full)).BackupId!;
            Write("users/new@example.com/later.txt", "claimed by the host");
            late = (await BackupAsync(host, BackupType.Incremental)).BackupId!;
        }
        await using (var role = await OpenAsync("a"))
        {
            var plan = await HostRevocation.PlanAsync(role, "host-b", good, default);
            Assert.Equal((good, 1), (plan.LastGoodPoint, plan.LastGoodSequence));
            Assert.Equal([late], plan.LostPoints);
            Assert.Null(role.Writers.Find(writer)!.LastGoodSequence);
            // A second identity approves it; until then nothing has changed.
            var officer = new TestOfficer(_folder.Path, _clock);
            var result = await officer.ApprovedAsync(role, async () =>
            {
                Assert.Null((await role.Keys!.LoadWritersAsync(role.Store, default)).Find(writer)!.LastGoodSequence);
                return await HostRevocation.RunAsync(role, plan, default);
            });
            Assert.Equal(1, result.Claims);
            Assert.Equal("HostIsThisOne", (await Assert.ThrowsAsync<StingException>(async () => await HostRevocation.PlanAsync(role, role.Writer.ToString(), null, default))).ErrorId);
        }
        Assert.Equal("HostRevoked", (await Assert.ThrowsAsync<StingException>(async () => await OpenAsync("b"))).ErrorId);
        await using var after = await OpenAsync("a");
        var view = await RepositoryView.LoadAsync(after.Store, after.Reserve, after.Writers, default);
        Assert.Equal([good], view.Backups.Where(p => p.Record.Writer == writer).Select(p => p.Record.Name));
        Assert.DoesNotContain(view.Index.Fragments, f => f.Writer == writer && f.Sequence > 1);
        Assert.Contains(view.Index.Fragments, f => f.Writer == writer);
        // The person whom the host met first keeps one key: this host took the claim over.
        Assert.Equal(0, (await BackupAsync(after, BackupType.Incremental)).Errors);
        var repeated = await HostRevocation.PlanAsync(after, "host-b", null, default);
        Assert.Equal(ApprovalState.NotRequested, repeated.Approval);   // the approval was good for once
        Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(() => HostRevocation.RunAsync(after, repeated, default))).ErrorId);
        Assert.Equal((1, ApprovalState.Open), await HostRevocation.PlanAsync(after, "host-b", null, default) is var asked ? (asked.LastGoodSequence, asked.Approval) : default);
    }

    [Fact]
    public async Task A_package_is_for_one_host_from_the_pinned_key_role_and_taken_in_once()
    {
        var package = await EnrolAsync();
        var configuration = Load("b");
        Assert.Equal(0, (await HostRegistry.JoinAsync(configuration, HostRegistry.PlanJoin(configuration, package, _clock), _clock, default)).Spares);
        string more;
        await using (var role = await OpenAsync("a"))
        {
            more = Path.Combine(_folder.Path, "more");
            await HostRegistry.IssueAsync(role, HostRegistry.PlanTopUp(role, "host-b", more, 7), default);
        }
        Assert.Equal(7, (await HostRegistry.JoinAsync(configuration, HostRegistry.PlanJoin(configuration, more, _clock), _clock, default)).Spares);

        var other = Load("c");
        Assert.Equal("HostRequestMissing", Assert.Throws<StingException>(() => HostRegistry.PlanJoin(other, package, _clock)).ErrorId);
        HostRegistry.Request(other, HostRegistry.PlanRequest(other, "host-c", Path.Combine(_folder.Path, "c-request"), _clock), _clock);
        Assert.Equal("HostPackageForeign", Assert.Throws<StingException>(() => HostRegistry.PlanJoin(other, package, _clock)).ErrorId);
        var bytes = await File.ReadAllBytesAsync(package);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(package, bytes);
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => HostRegistry.PlanJoin(configuration, package, _clock)).ErrorId);
        var unpinned = configuration with { Repository = configuration.Repository with { KeyFingerprint = null } };
        Assert.Equal("KeyRoleNotPinned", Assert.Throws<StingException>(() => HostRegistry.PlanJoin(unpinned, more, _clock)).ErrorId);
        var mispinned = configuration with { Repository = configuration.Repository with { KeyFingerprint = new string('0', 64) } };
        Assert.Equal("KeyRoleMismatch", Assert.Throws<StingException>(() => HostRegistry.PlanJoin(mispinned, more, _clock)).ErrorId);
    }

    [Fact]
    public async Task A_host_that_pins_the_earlier_key_of_the_key_role_goes_on_after_a_new_one_and_may_pin_that()
    {
        await EnrolAsync();
        string old, renewed, package = Path.Combine(_folder.Path, "more");
        await using (var host = await OpenAsync("b"))
        {
            old = host.Keys!.KeyRoleFingerprint;
            await BackupAsync(host, BackupType.Full);
        }
        await using (var role = await OpenAsync("a"))
        {
            renewed = Fingerprint.Of((await role.Keys!.RenewSigningAsync((SubjectReader)await role.UnlockAsync(default), null, role.Store, default)).Current);
        }
        await using (var role = await OpenAsync("a"))
        {
            await HostRegistry.IssueAsync(role, HostRegistry.PlanTopUp(role, "host-b", package, 5), default);   // spares that the new key signed
        }
        var configuration = Load("b");
        Assert.Equal(old, configuration.Repository.KeyFingerprint);
        Assert.Equal(5, (await HostRegistry.JoinAsync(configuration, HostRegistry.PlanJoin(configuration, package, _clock), _clock, default)).Spares);
        await using (var host = await OpenAsync("b"))
        {
            Assert.Equal(renewed, host.Keys!.KeyRoleFingerprint);
            Write("users/new@example.com/later.txt", "a new person");
            Assert.Equal(0, (await BackupAsync(host, BackupType.Incremental)).Errors);
        }
        var file = Path.Combine(_folder.Path, "b.yaml");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace(old, renewed, StringComparison.OrdinalIgnoreCase));
        await using (var host = await OpenAsync("b"))
        {
            Assert.Empty(host.OpeningFaults);
            Assert.Equal(0, (await BackupAsync(host, BackupType.Incremental)).Errors);
            Assert.Empty((await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(host, new VerifyRequest { Level = IntegrityLevel.Packs }, default))).Faults);
        }
        await using var reading = await OpenAsync("a");
        Assert.Empty((await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(reading, new VerifyRequest { Level = IntegrityLevel.Data }, default))).Faults);
    }

    [Fact]
    public async Task A_new_writer_secret_reaches_a_write_only_host_in_the_claim()
    {
        await EnrolAsync();
        SubjectWriteKeys before;
        await using (var host = await OpenAsync("b"))
        {
            await BackupAsync(host, BackupType.Full);
            before = await host.Host!.Subjects.GetAsync(host.Map.DiscoverSubjects(host.ReserveRoot, host.HostView)[0], default);
        }
        await using (var role = await OpenAsync("a"))
        {
            await role.Keys!.RenewSubjectsAsync(role.Store, (SubjectReader)await role.UnlockAsync(default), role.Writers, new SubjectOrder(null, NewWriterSecret: true), static _ => { }, default);
        }
        await using (var host = await OpenAsync("b"))
        {
            var after = await host.Host!.Subjects.GetAsync(before.Name, default);
            Assert.Equal((before.Pseudonym, before.Generation + 1), (after.Pseudonym, after.Generation));
            Assert.NotEqual(before.IdKey, after.IdKey);
            Assert.NotEqual(before.CutKey, after.CutKey);
            var result = await BackupAsync(host, BackupType.Incremental);
            Assert.Equal((0L, 2L), (result.Errors, result.ItemsRead));   // the two files that there are, unchanged
            Assert.Equal(0, (await BackupAsync(host, BackupType.Incremental)).ItemsRead);
        }
        await using var reading = await OpenAsync("a");
        Assert.Empty((await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(reading, new VerifyRequest { Level = IntegrityLevel.Data }, default))).Faults);
    }

    private static async Task RefusedAsync(Func<Task> read)
    {
        var refused = await Assert.ThrowsAsync<StingException>(read);
        Assert.Equal("KeyDirectoryMissing", refused.ErrorId);
        Assert.Contains("this host can write, but not read", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Machine a makes the reserve and a first backup; machine b asks, is enrolled and takes its package in.</summary>
    private async Task<string> EnrolAsync()
    {
        Write("users/other@example.com/a.txt", "the first");
        Write("jars/jar_1/readme.md", "# Jar");
        var request = new InitializeRequest
        {
            BackupRoot = Path.Combine(_folder.Path, "backups"), Reserve = Path.Combine(_folder.Path, "reserve"), ConfigurationFile = Path.Combine(_folder.Path, "a.yaml"),
            KeyDirectory = Path.Combine(_folder.Path, "a", "keys"), StateDirectory = Path.Combine(_folder.Path, "a", "state"), CacheDirectory = Path.Combine(_folder.Path, "a", "cache"),
            LogDirectory = Path.Combine(_folder.Path, "a", "logs"), TimeZone = "UTC", WithPassphrase = false, Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
        };
        await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, _clock, default);
        var text = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "a.yaml"));
        foreach (var machine in (string[])["b", "c"])
        {
            await File.WriteAllTextAsync(Path.Combine(_folder.Path, $"{machine}.yaml"), text.Replace(Path.Combine(_folder.Path, "a") + "/", Path.Combine(_folder.Path, machine) + "/", StringComparison.Ordinal));
        }
        var (asked, package) = (Path.Combine(_folder.Path, "request"), Path.Combine(_folder.Path, "package"));
        var configuration = Load("b");
        var request1 = HostRegistry.Request(configuration, HostRegistry.PlanRequest(configuration, "host-b", asked, _clock), _clock);
        await using (var role = await OpenAsync("a"))
        {
            await BackupAsync(role, BackupType.Full);
            var plan = HostRegistry.PlanEnrol(role, asked, package, 20);
            Assert.Equal(("host-b", request1.Fingerprint), (plan.HostName, plan.Fingerprint));
            Assert.True((await HostRegistry.IssueAsync(role, plan, default)).Claims > 0);
        }
        var joined = await HostRegistry.JoinAsync(configuration, HostRegistry.PlanJoin(configuration, package, _clock), _clock, default);
        Assert.Equal((request1.WriterId, 20), (joined.WriterId, joined.Spares));
        return package;
    }

    private StingConfiguration Load(string machine) => new ConfigurationLoader(new HostView()).Load(Path.Combine(_folder.Path, $"{machine}.yaml"));

    private ValueTask<Installation> OpenAsync(string machine) => Installation.OpenAsync(Load(machine), new InstallationOptions { Clock = _clock }, default);

    private async Task<BackupResult> BackupAsync(Installation installation, BackupType type)
    {
        _clock.Advance(TimeSpan.FromMinutes(1));
        return await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, type, null, due: false, default), default));
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine([_folder.Path, "reserve", .. path.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
