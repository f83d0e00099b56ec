using System.Text.Json.Nodes;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Chroma.StandIn;

namespace StingBackup.Engine.Tests.Chroma;

/// <summary>Collections of a running Chroma through backups and back.</summary>
public sealed class ChromaBackupTests : IAsyncLifetime, IAsyncDisposable
{
    private TestInstallation _test = null!;
    private ChromaStandIn _chroma = null!;

    private StandInCollection Jar => _chroma.Collections[0];

    public async Task InitializeAsync()
    {
        _test = new TestInstallation();
        _chroma = await ChromaStandIn.StartAsync();
        _test.Write("conf/config.yml", "a: 1"u8);
        _chroma.Collections.Add(ChromaSample.Seed(ChromaSample.CollectionOf(ChromaSample.Jar), 700, 1));
        _chroma.Collections.Add(ChromaSample.Seed(ChromaSample.CollectionOf(ChromaSample.OtherJar), 40, 10_000));
        _chroma.Collections.Add(ChromaSample.Seed("global_index", 3, 20_000));
        _chroma.Collections.Add(new StandInCollection("empty_one"));
    }

    public async ValueTask DisposeAsync()
    {
        await _chroma.DisposeAsync();
        await _test.DisposeAsync();
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private ChromaFolder WithFolder()
    {
        var folder = new ChromaFolder(Path.Combine(_test.Root, "chroma"));
        foreach (var collection in _chroma.Collections)
        {
            folder.AddCollection(collection.Id, collection.Name);
            folder.Advance(collection.Id);
        }
        _chroma.Folder = folder;
        ChromaSample.Use(_test, _chroma.Address, folder.Path);
        return folder;
    }

    private async Task<RestoreResult> RestoreAsync(RestoreRequest request, List<StingException>? errors = null)
    {
        var installation = _test.Open();
        var plan = await RestoreJob.PlanAsync(installation, request, default);
        return await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default), errors);
    }

    private Dictionary<string, List<string>> Show() => _chroma.Collections.ToDictionary(c => c.Name, c => c.Show().ToList());

    [Fact]
    public async Task A_jar_s_collection_is_the_jar_s_and_everything_comes_back_into_an_empty_server()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        Jar.Seed("uri only", ChromaSample.Vector(5), uri: "file:///x.png");
        Jar.Seed("bare", ChromaSample.Vector(6));
        await _test.BackupAsync();
        using (var catalog = new Catalog(_test.Installation))
        {
            var items = await catalog.ItemsAsync("latest", null, null, null, recurse: true, default).Where(i => i.Path.StartsWith("vectors/", StringComparison.Ordinal)).ToListAsync();
            Assert.Equal([("vectors/empty_one.chroma", "system"), ("vectors/global_index.chroma", "system"), ($"vectors/{Jar.Name}.chroma", $"jar:{ChromaSample.Jar}"), ($"vectors/{ChromaSample.CollectionOf(ChromaSample.OtherJar)}.chroma", $"jar:{ChromaSample.OtherJar}")],
                items.Select(i => (i.Path, i.Subject)));
            Assert.All(items, i => Assert.Equal(DataClass.Embeddings, i.DataClass));
        }
        var before = Show();
        _chroma.Collections.Clear();
        await RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve });
        Assert.Equal(before, Show());
        Assert.Equal("{\"jar\":\"global_index\"}", _chroma.Collections.Single(c => c.Name == "global_index").Metadata!.ToJsonString());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_test.Root, "state", "restoring")));
    }

    [Fact]
    public async Task One_jar_comes_back_beside_what_was_added_since()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        await _test.BackupAsync();
        var (before, other) = (Jar.Show().ToList(), _chroma.Collections[1].Show().ToList());
        Jar.Records.RemoveRange(10, 300);
        Jar.Vectors.IntersectWith(Jar.Records.Select(r => r.Id));
        Jar.Records[0].Document = "changed since";
        Jar.Records[0].Metadata!["added"] = "later";
        Jar.Seed("new since", ChromaSample.Vector(9), "new");
        _chroma.Collections[1].Records.Clear();

        await RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = ChromaSample.Jar });
        Assert.Equal(before.Count + 1, Jar.Records.Count);
        Assert.Equal("changed since", Jar.Records[0].Document);   // left: nobody said that it may be replaced
        Assert.Empty(_chroma.Collections[1].Records);             // another jar's

        await RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = ChromaSample.Jar, Conflict = ConflictAction.Overwrite });
        Assert.Equal(before.Order(StringComparer.Ordinal), Jar.Show().Where(r => !r.StartsWith("new since", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains(Jar.Records, r => r.Id == "new since");
        Assert.Equal(40, other.Count);
    }

    [Fact]
    public async Task Without_the_folder_every_collection_is_read_again_and_nothing_is_stored_twice()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        var first = await _test.BackupAsync();
        var second = await _test.BackupAsync();
        Assert.Equal(4, second.ItemsRead);
        Assert.Equal((first.Items, 0L), (second.Items, second.BytesNew));
        Assert.True(second.BytesStored < 20_000, $"{second.BytesStored} bytes");
    }

    [Fact]
    public async Task With_the_folder_an_unchanged_collection_is_not_read()
    {
        var folder = WithFolder();
        var first = await _test.BackupAsync();
        var reads = _chroma.RecordReads;
        var second = await _test.BackupAsync();
        Assert.Equal((reads, first.Items), (_chroma.RecordReads, second.Items));
        Assert.True(second.BytesStored < 20_000, $"{second.BytesStored} bytes");

        // A change that leaves the count as it was.
        Jar.Records[0].Document = "changed";
        folder.Advance(Jar.Id);
        await _test.BackupAsync(classes: [DataClass.Embeddings]);
        Assert.Equal(reads + 3, _chroma.RecordReads);   // 700 records, 256 a page: this collection alone
        Jar.Records[0].Document = "something else";
        await RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = ChromaSample.Jar, Conflict = ConflictAction.Overwrite });
        Assert.Equal("changed", Jar.Records[0].Document);
    }

    [Fact]
    public async Task Records_that_come_last_store_little()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        var collection = ChromaSample.Seed(ChromaSample.CollectionOf(ChromaSample.Jar), 8000, 1);
        _chroma.Collections[0] = collection;
        var first = await _test.BackupAsync();
        for (var i = 0; i < 40; i++)
        {
            collection.Seed($"late-{i}", ChromaSample.Vector(90_000 + i), $"a late text {i}");
        }
        collection.Records[17].Document = "changed in the middle";
        var second = await _test.BackupAsync();
        // Two places in the texts and the end of the vectors: a chunk or two of up to 1 MiB each, as the reserve's key cuts them, which by chance was more than a fifth.
        Assert.True(second.BytesNew < first.BytesNew / 3, $"{second.BytesNew} of {first.BytesNew} bytes are new");
    }

    [Fact]
    public async Task A_record_that_is_deleted_while_its_page_is_put_together_makes_no_wrong_vector()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        var deleted = false;
        _chroma.BetweenReads = collection =>
        {
            if (collection == Jar && !deleted)
            {
                deleted = true;
                collection.Vectors.Remove(collection.Records[100].Id);
                collection.Records.RemoveAt(100);
            }
        };
        await _test.BackupAsync();
        Assert.True(deleted);
        var before = Show();
        _chroma.Collections.Clear();
        await RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve });
        Assert.Equal(before, Show());
    }

    [Fact]
    public async Task A_collection_that_always_changes_is_reported()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        var n = 0;
        _chroma.BetweenReads = collection =>
        {
            if (collection == Jar)
            {
                collection.Seed($"while read {n++}", ChromaSample.Vector(n), "x");
            }
        };
        var errors = new List<StingException>();
        var result = await _test.BackupAsync(errors: errors);
        Assert.Equal("SourceItemChanging", Assert.Single(errors).ErrorId);
        Assert.Equal((JobState.CompletedWithErrors, true), (result.State, result.Classes.Contains(DataClass.Embeddings)));
    }

    [Fact]
    public async Task An_index_that_lost_vectors_fails_its_collection_by_name_and_no_other()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        Jar.Vectors.Remove(Jar.Records[5].Id);
        var errors = new List<StingException>();
        var result = await _test.BackupAsync(errors: errors);
        var error = Assert.Single(errors);
        Assert.Equal("SourceItemUnreadable", error.ErrorId);
        Assert.Contains(Jar.Name, error.Message, StringComparison.Ordinal);
        Assert.Contains(DataClass.Embeddings, result.Classes);
    }

    [Theory]
    [InlineData("down", "ChromaUnreachable")]
    [InlineData("token", "ChromaDenied")]
    [InlineData("500", "ChromaUnreachable")]
    [InlineData("elsewhere", "ChromaDatabaseMissing")]
    public async Task A_server_that_does_not_serve_costs_its_class_and_no_other(string how, string id)
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        switch (how)
        {
            case "down":
                await _chroma.DisposeAsync();
                break;
            case "token":
                _chroma.Token = "what-nobody-said";
                break;
            case "500":
                _chroma.Disturb = (path, _) => path.EndsWith("/get", StringComparison.Ordinal) ? 500 : 0;
                break;
            default:
                _chroma.Disturb = (path, _) => path.EndsWith("/default_database", StringComparison.Ordinal) ? 404 : 0;
                break;
        }
        var errors = new List<StingException>();
        var result = await _test.BackupAsync(errors: errors);
        Assert.Equal(id, Assert.Single(errors).ErrorId);
        Assert.DoesNotContain(DataClass.Embeddings, result.Classes);
        Assert.Contains(DataClass.Settings, result.Classes);
    }

    [Fact]
    public async Task A_hiccup_is_passed_over()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        _chroma.Disturb = (_, number) => number % 4 == 3 ? 503 : 0;
        Assert.Equal(JobState.Completed, (await _test.BackupAsync()).State);
    }

    [Fact]
    public async Task A_collection_of_another_shape_is_left_and_the_others_come_back()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        await _test.BackupAsync();
        var name = Jar.Name;
        _chroma.Collections.Clear();
        var other = new StandInCollection(name);
        other.Seed("x", [1f, 2f]);
        _chroma.Collections.Add(other);
        var errors = new List<StingException>();
        await RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Classes = [DataClass.Embeddings] }, errors);
        Assert.Equal("ChromaCollectionDiffers", Assert.Single(errors).ErrorId);
        Assert.Single(other.Records);
        Assert.Equal(4, _chroma.Collections.Count);
    }

    [Fact]
    public async Task A_vector_that_is_no_number_is_named_when_it_comes_back()
    {
        ChromaSample.Use(_test, _chroma.Address, null);
        Jar.Seed("nan", [float.NaN, .. ChromaSample.Vector(1, 383)], "text");
        await _test.BackupAsync();
        _chroma.Collections.Clear();
        var errors = new List<StingException>();
        await RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = ChromaSample.Jar }, errors);
        Assert.Equal("ChromaRequestRefused", Assert.Single(errors).ErrorId);
        Assert.Equal(700, Jar.Records.Count);
    }

    [Fact]
    public async Task A_token_comes_out_of_its_file_and_into_no_message()
    {
        var file = Path.Combine(_test.Root, "token");
        await File.WriteAllTextAsync(file, "s3cr3t-token\n");
        using var client = new Engine.Chroma.ChromaClient(new Engine.Chroma.ChromaOptions { Address = _chroma.Address, TokenFile = file, Retries = 0 }, TimeProvider.System);
        _chroma.Token = "s3cr3t-token";
        Assert.Equal(4, (await client.ListAsync(default)).Count);
        _chroma.Token = "another";
        var error = await Assert.ThrowsAsync<StingException>(() => client.ListAsync(default));
        Assert.Equal("ChromaDenied", error.ErrorId);
        Assert.DoesNotContain("s3cr3t", $"{error}{error.Remedy}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, "two words");
        Assert.Equal("ChromaDenied", (await Assert.ThrowsAsync<StingException>(() => client.ListAsync(default))).ErrorId);
    }
}
