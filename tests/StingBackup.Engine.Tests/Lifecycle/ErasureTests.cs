using System.Text;
using System.Text.Json.Nodes;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Certificates;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>An erased person's backups open for nobody, whatever happens on the way; everybody else's open.</summary>
public sealed class ErasureTests
{
    [Fact]
    public async Task A_plan_tells_what_it_hits_and_changes_nothing()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var before = fixture.Keys.Store.Objects.Keys.ToList();
        var plan = await fixture.PlanAsync();
        Assert.Equal("path:UserFiles/ada", plan.Subject);
        var hit = Assert.Single(plan.Hits);
        Assert.Equal((DataClass.UserFiles, 2L, 4L), (hit.DataClass, hit.Points, hit.Items));
        Assert.Equal(ErasureFixture.Secret.Length + 11 + 17, hit.Length);
        Assert.True(plan is { Packs: > 0, StoredBytes: > 0 });
        Assert.Equal(fixture.Keys.Clock.GetUtcNow() + TimeSpan.FromDays(7), plan.DueTime);
        Assert.Equal(before, fixture.Keys.Store.Objects.Keys);
        Assert.Empty(ErasureJob.List(await fixture.OpenAsync()));
    }

    [Fact]
    public async Task Carried_out_it_leaves_one_person_unreadable_and_the_others_as_they_were()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var packs = Packs(fixture);
        var asked = await fixture.RequestAsync();
        Assert.Equal(ErasureState.Pending, asked.State);
        Assert.Empty(await fixture.CompleteAsync(days: 6));
        Assert.True(Directory.Exists(await fixture.RestoreAsync("ada")));

        var done = Assert.Single(await fixture.CompleteAsync());
        Assert.Equal((ErasureState.Completed, ""), (done.State, done.Subject));
        await using var after = await fixture.OpenAsync();
        Assert.Equal((ErasureState.Completed, "", true), (ErasureJob.Find(after, done.Id).State, ErasureJob.Find(after, done.Id).Subject, File.Exists(Path.ChangeExtension(done.Certificate, ".html"))));
        Assert.Equal(packs, Packs(fixture));
        Assert.DoesNotContain(fixture.Keys.Store.Objects.Keys, name => name.StartsWith("subjects/", StringComparison.Ordinal) && name.EndsWith(TagIn(done), StringComparison.Ordinal));

        var gone = await Assert.ThrowsAsync<StingException>(() => fixture.RestoreAsync("ada"));
        Assert.Equal("SubjectErased", gone.ErrorId);
        var bob = await fixture.RestoreAsync("bob");
        Assert.Equal(ErasureFixture.Secret, File.ReadAllBytes(Path.Combine(bob, "users/bob/diary.txt")));
        var all = await fixture.RestoreAsync(null);
        Assert.True(File.Exists(Path.Combine(all, "jars/j1/doc.md")));
        Assert.False(Directory.Exists(Path.Combine(all, "users/ada")));
        Assert.True((await fixture.VerifyAsync()).Passed);
    }

    [Fact]
    public async Task A_verification_that_began_before_an_erasure_takes_it_for_no_damage()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        await using var before = await fixture.OpenAsync();   // reads the ledger, and as late as its walk the keys
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync()).State);
        var result = await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(before, new VerifyRequest { Level = IntegrityLevel.Data }, default), output: []);
        Assert.True(result.Passed, string.Join("; ", result.Faults.Select(f => f.Problem)));
    }

    [Fact]
    public async Task What_is_left_in_the_sources_is_not_backed_up_again()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        await fixture.CompleteAsync();
        fixture.Write("users/bob/later.txt", "later"u8);
        var errors = new List<StingException>();
        var result = await fixture.BackupAsync(errors);
        Assert.Equal("SubjectErased", Assert.Single(errors).ErrorId);
        Assert.Equal(JobState.CompletedWithErrors, result.State);
        var bob = await fixture.RestoreAsync("bob");
        Assert.True(File.Exists(Path.Combine(bob, "users/bob/later.txt")));
        Assert.True((await fixture.VerifyAsync()).Passed);
    }

    [Fact]
    public async Task This_host_remembers_nothing_of_the_subject()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        string leftover;
        await using (var before = await fixture.OpenAsync())
        {
            leftover = before.CachePath(DataClass.UserFiles) + ".new";
            File.Copy(before.CachePath(DataClass.UserFiles), leftover);   // of a run that was killed
        }
        var claimed = Claimed();
        var tag = TagIn(Assert.Single(await fixture.CompleteAsync()));
        Assert.False(File.Exists(leftover));
        Assert.Equal([tag], claimed.Except(Claimed()));
        await using var installation = await fixture.OpenAsync();
        var subjects = new HashSet<string>();
        using var cache = new HostCacheReader(installation.CachePath(DataClass.UserFiles), installation.CacheKey.Span, Assert.Fail);
        while (cache.Next() is { } item)
        {
            subjects.Add(item.Subject);
        }
        Assert.Equal(["path:UserFiles/bob"], subjects);

        string[] Claimed()   // whose writer secrets it keeps
        {
            using var host = HostKeys.Read(fixture.Keys.Files, fixture.Keys.InHost(HostKeys.FileName))!;
            using var claims = new ClaimCache(fixture.Keys.Environment, host, Path.GetDirectoryName(fixture.Keys.InHost(HostKeys.FileName))!);
            return [.. claims.Tags.Select(t => t.ToString())];
        }
    }

    [Fact]
    public async Task It_can_be_stopped_before_it_is_due_and_not_after()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var asked = await fixture.RequestAsync();
        await using (var installation = await fixture.OpenAsync())
        {
            Assert.Equal(ErasureState.Stopped, (await ErasureJob.StopAsync(installation, asked.Id, "ada's lawyer", default)).State);
            Assert.Equal("It was stopped before.", (await Assert.ThrowsAsync<StingException>(async () => await ErasureJob.StopAsync(installation, asked.Id, "x", default))).Remedy);
        }
        Assert.Empty(await fixture.CompleteAsync());
        Assert.True(Directory.Exists(await fixture.RestoreAsync("ada")));

        var again = await fixture.RequestAsync();
        await fixture.CompleteAsync();
        await using var late = await fixture.OpenAsync();
        Assert.Equal("ErasureTooLate", (await Assert.ThrowsAsync<StingException>(async () => await ErasureJob.StopAsync(late, again.Id, "x", default))).ErrorId);
        Assert.Equal("ErasureNotFound", (await Assert.ThrowsAsync<StingException>(async () => await ErasureJob.StopAsync(late, "nothing", "x", default))).ErrorId);
    }

    [Fact]
    public async Task Several_that_are_due_go_in_one_turn_each_with_its_certificate()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        await fixture.RequestAsync("bob");
        var done = await fixture.CompleteAsync();
        Assert.Equal(2, done.Count);
        Assert.All(done, erasure => Assert.Equal(ErasureState.Completed, erasure.State));
        Assert.True(File.Exists(Path.Combine(await fixture.RestoreAsync(null), "jars/j1/doc.md")));
    }

    [Fact]
    public async Task Killed_right_after_the_turn_it_can_be_neither_stopped_nor_held_any_more()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var asked = await fixture.RequestAsync();
        var target = fixture.Keys.InKeys(Path.Combine("erasures", asked.Id));
        fixture.Keys.Files.Watch = path => fixture.Keys.Files.FailAt = path == target ? fixture.Keys.Files.Writes + 1 : fixture.Keys.Files.FailAt;
        await Assert.ThrowsAsync<StingException>(() => fixture.CompleteAsync([]));
        (fixture.Keys.Files.Watch, fixture.Keys.Files.FailAt) = (null, 0);
        await using (var installation = await fixture.OpenAsync())
        {
            Assert.Equal(ErasureState.Pending, Assert.Single(ErasureJob.List(installation)).State);
            Assert.Equal("ErasureTooLate", (await Assert.ThrowsAsync<StingException>(async () => await ErasureJob.StopAsync(installation, asked.Id, "x", default))).ErrorId);
            await LegalHolds.AddAsync(installation, new LegalHoldPlan("path:UserFiles/ada", "too late"), "counsel", default);
        }
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync()).State);
    }

    [Fact]
    public async Task The_same_person_is_not_asked_for_twice()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        Assert.Equal("ErasureExists", (await Assert.ThrowsAsync<StingException>(() => fixture.PlanAsync())).ErrorId);
        Assert.Equal("UserNotFound", (await Assert.ThrowsAsync<StingException>(() => fixture.PlanAsync("carol"))).ErrorId);
        var nothing = ErasureTargets.Nothing(new ErasureRequest(RestoreScope.HoneyJar, "j1", "GDPR Art. 17", "", "dpo") { Contributor = "ada" });
        Assert.Contains("what 'ada' brought into 'j1'", nothing.Message, StringComparison.Ordinal);
        Assert.Contains("only the jar as a whole", nothing.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_who_ask_for_the_same_person_at_once_one_is_refused()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var plan = await fixture.PlanAsync();
        await fixture.RequestAsync();   // by somebody else, between plan and request
        await using var installation = await fixture.OpenAsync();
        Assert.Equal("ErasureExists", (await Assert.ThrowsAsync<StingException>(() => fixture.ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default)))).ErrorId);
        Assert.Single(ErasureJob.List(installation));
    }

    [Theory]
    [InlineData("store-2")]
    [InlineData("epoch-2")]
    public async Task A_place_out_of_reach_keeps_the_certificate_back(string place)
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        var (here, away) = (Path.Combine(fixture.Keys.Folder, place), Path.Combine(fixture.Keys.Folder, "away"));
        Directory.Move(here, away);
        var errors = new List<StingException>();
        var open = Assert.Single(await fixture.CompleteAsync(errors));
        Assert.Equal(ErasureState.Incomplete, open.State);
        Assert.Null(open.Certificate);
        Assert.Contains(open.Waiting, what => what.Contains(here, StringComparison.Ordinal));
        Assert.All(errors, error => Assert.Equal("ErasureIncomplete", error.ErrorId));
        Assert.Equal("SubjectErased", (await Assert.ThrowsAsync<StingException>(() => fixture.RestoreAsync("ada"))).ErrorId);

        Directory.Move(away, here);
        var done = Assert.Single(await fixture.CompleteAsync());
        Assert.Equal(ErasureState.Completed, done.State);
        Assert.DoesNotContain(Directory.EnumerateFiles(here, "*", SearchOption.AllDirectories), path => path.Contains("epoch-0000000001", StringComparison.Ordinal));
        Assert.True(Directory.Exists(await fixture.RestoreAsync("bob")));
    }

    [Fact]
    public async Task Killed_after_any_write_of_a_key_file_it_is_ended_by_the_next_try()
    {
        int writes;
        using var begin = await ErasureFixture.CreateAsync();
        await begin.RequestAsync();
        using (var counting = begin.Copy())
        {
            var before = counting.Keys.Files.Writes;
            await counting.CompleteAsync();
            writes = counting.Keys.Files.Writes - before;
        }
        for (var failing = 1; failing <= writes; failing++)
        {
            using var fixture = begin.Copy();
            (fixture.Keys.Files.FailAt, fixture.Keys.Files.DoIt) = (fixture.Keys.Files.Writes + failing, failing % 2 == 0);
            try
            {
                await fixture.CompleteAsync([]);
            }
            catch (StingException)
            {
            }
            fixture.Keys.Files.FailAt = 0;
            Assert.True(Directory.Exists(await fixture.RestoreAsync("bob")), $"write {failing}");

            await fixture.CompleteAsync();
            await using (var installation = await fixture.OpenAsync())
            {
                var erasure = Assert.Single(ErasureJob.List(installation));
                Assert.True(erasure.State == ErasureState.Completed, $"write {failing}: {erasure.State}");
                Assert.True(CertificateReader.Check("c", File.ReadAllBytes(erasure.Certificate!), installation.Keys!.KeyRoleFingerprint).IsValid);
            }
            Assert.Equal("SubjectErased", (await Assert.ThrowsAsync<StingException>(() => fixture.RestoreAsync("ada"))).ErrorId);
            Assert.True(Directory.Exists(await fixture.RestoreAsync("bob")));
            Assert.True((await fixture.VerifyAsync()).Passed);
        }
    }

    [Fact]
    public async Task Everything_on_disk_and_in_the_store_together_opens_nothing_of_it()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var stolen = Path.Combine(fixture.Keys.Folder, "stolen");
        foreach (var replica in fixture.Keys.Options.KeyStoreReplicas)
        {
            Directory.CreateDirectory(Path.Combine(stolen, Path.GetFileName(replica)));
            foreach (var file in Directory.EnumerateFiles(replica))
            {
                File.Copy(file, Path.Combine(stolen, Path.GetFileName(replica), Path.GetFileName(file)));
            }
        }
        var objects = fixture.Keys.Store.Objects;
        Id16 pseudonym;
        List<ChunkPlace> places;
        using (var keys = fixture.Keys.Open())
        {
            pseudonym = Id16.TryParse((await fixture.PlanAsync()).Pseudonyms[0], out var id) ? id : default;
            using var writers = await keys.LoadWritersAsync(fixture.Keys.Store, default);
            var view = await RepositoryView.LoadAsync(fixture.Keys.Store, keys.ReserveId, writers, default);
            places = [.. Enumerable.Range(0, (int)view.Index.Count).Select(rank => view.Index.TryPlaceAt(rank, out var place) ? place : default).Where(p => p.Segment?.Header.Pseudonym == pseudonym)];
        }
        Assert.NotEmpty(places);
        await fixture.RequestAsync();
        await fixture.CompleteAsync();

        // The old replicas, the KEK of now, every pack of then, and today's epoch secrets.
        using var verifier = new SignatureVerifier(fixture.Keys.Open().KeyRolePublicKey.Span);
        var key = File.ReadAllBytes(fixture.Keys.InKeys(PrivateHalfFile.FileName));
        using var open = fixture.Keys.Open();
        using var half = PrivateHalfFile.Open(key, "reserve.key", open.ReserveId, null);
        var opened = 0;
        foreach (var file in Directory.EnumerateFiles(stolen, "*.keys", SearchOption.AllDirectories))
        {
            var records = RecordFile.Read(File.ReadAllBytes(file), open.ReserveId, 1, file).Records;
            Assert.Contains(records, record => record.Pseudonym == pseudonym);
            foreach (var secret in fixture.Keys.Options.EpochPlaces.SelectMany(Directory.EnumerateFiles).Select(File.ReadAllBytes))
            {
                using var cipher = new System.Security.Cryptography.AesGcm(secret.AsSpan(^64..^32), 16);
                opened += records.Count(record => record.OpensOuter(cipher, open.ReserveId, 1));
            }
        }
        Assert.Equal(0, opened);
        Assert.DoesNotContain(objects, pair => pair.Value.Span.IndexOf("Ada's diary"u8) >= 0);
        foreach (var file in Directory.EnumerateFiles(fixture.Keys.Folder, "*", SearchOption.AllDirectories).Where(path => !path.StartsWith(fixture.Reserve, StringComparison.Ordinal)))
        {
            var bytes = File.ReadAllBytes(file);
            Assert.True(bytes.AsSpan().IndexOf("Ada's diary"u8) < 0 && bytes.AsSpan().IndexOf("users/ada"u8) < 0, file);
        }
    }

    [Fact]
    public async Task Captures_that_mix_people_end_on_the_day_that_the_certificate_names()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        fixture.Write("captures/base.tar", ErasureFixture.Secret);
        await fixture.BackupAsync();
        await fixture.RequestAsync();
        var done = Assert.Single(await fixture.CompleteAsync());
        var residual = Assert.Single(JsonNode.Parse(File.ReadAllBytes(done.Certificate!))!["certificate"]!["residual_copies"]!.AsArray())!;
        var end = DateTimeOffset.Parse(residual["ends"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(fixture.Keys.Clock.GetUtcNow() < end);
        Assert.True(File.Exists(Path.Combine(await fixture.RestoreAsync(null, only: DataClass.Physical), "captures/base.tar")));

        fixture.Keys.Clock.Advance(end - fixture.Keys.Clock.GetUtcNow() + TimeSpan.FromSeconds(1));
        await using (var installation = await fixture.OpenAsync())
        {
            using var catalog = new Catalog(installation);
            var points = new List<RestorePoint>();
            await foreach (var point in catalog.PointsAsync(new PointQuery(), default))
            {
                points.Add(point);
            }
            Assert.DoesNotContain(points, point => point.DataClass == DataClass.Physical && point.Items > 0);
        }
        await Assert.ThrowsAsync<StingException>(() => fixture.RestoreAsync(null, only: DataClass.Physical));
        // Bob has a file of equal content: what is looked for is whatever else holds it.
        var all = await fixture.RestoreAsync(null);
        Assert.Equal([Path.Combine(all, "users/bob/diary.txt")], Directory.EnumerateFiles(all, "*", SearchOption.AllDirectories).Where(file => File.ReadAllBytes(file).AsSpan().IndexOf("Ada's diary"u8) >= 0));
    }

    [Fact]
    public async Task A_request_that_is_no_longer_what_was_approved_is_not_carried_out()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync();
        await using (var installation = await fixture.OpenAsync())
        {
            // Whoever has the key role's key may change a record: here the subject, and the audit chain knows better.
            var book = ErasureJob.Book(installation);
            var keys = await ErasureJob.RoleAsync(installation, default);
            var record = Assert.Single(book.Erasures);
            var bob = await ErasureTargets.FindAsync(installation, ["path:UserFiles/bob"], default);
            book.Keep(record with { Targets = bob }, keys.Keys.KeyRole);
        }
        var errors = new List<StingException>();
        Assert.Empty(await fixture.CompleteAsync(errors));
        Assert.Equal("ErasureNotApproved", Assert.Single(errors).ErrorId);
        Assert.True(Directory.Exists(await fixture.RestoreAsync("bob")));
        Assert.True(Directory.Exists(await fixture.RestoreAsync("ada")));
    }

    private static List<string> Packs(ErasureFixture fixture) =>
        [.. fixture.Keys.Store.Objects.Keys.Where(name => name.StartsWith("data/", StringComparison.Ordinal) || name.StartsWith("meta/", StringComparison.Ordinal))];

    private static string TagIn(Erasure erasure)
    {
        var certificate = JsonNode.Parse(File.ReadAllBytes(erasure.Certificate!))!["certificate"]!;
        return certificate["subjects"]![0]!["tag"]!.ToString();
    }
}
