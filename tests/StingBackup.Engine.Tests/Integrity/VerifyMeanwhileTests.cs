using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>What other hosts do to a repository while it is looked through: what is not there for a moment is no fault, and what is not there at all is one.</summary>
public sealed class VerifyMeanwhileTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    [Theory]
    [InlineData(IntegrityLevel.Structure)]
    [InlineData(IntegrityLevel.Data)]
    public async Task What_is_not_there_when_it_is_listed_and_then_is_was_being_replaced(IntegrityLevel level)
    {
        foreach (var (name, bytes) in sample.Objects)
        {
            var objects = sample.Copy();
            objects.Remove(name);
            var memory = new MemoryObjectStore(objects);
            var isBack = false;
            var store = new FaultyStore(memory)
            {
                // The first that is read after the listing.
                Before = (verb, read) => isBack |= !isBack && verb == "read" && read.StartsWith("format/", StringComparison.Ordinal) && Put(memory, name, bytes),
            };
            await using var installation = await sample.OpenAsync(store, Verify.NewState());
            Assert.Empty((await Verify.RunAsync(installation, new VerifyRequest { Level = level })).Faults);
            Assert.True(isBack);
        }
    }

    [Theory]
    [InlineData("format/", IntegrityLevel.Structure)]
    [InlineData("subjects/", IntegrityLevel.Data)]
    [InlineData("data/", IntegrityLevel.Packs)]
    public async Task What_is_gone_when_it_is_read_and_comes_back_was_being_replaced_and_what_stays_away_is_told(string kind, IntegrityLevel level)
    {
        var name = sample.Objects.Keys.Last(n => n.StartsWith(kind, StringComparison.Ordinal));
        foreach (var comesBack in (bool[])[true, false])
        {
            var memory = new MemoryObjectStore(sample.Copy());
            var reads = 0;
            var store = new FaultyStore(memory)
            {
                Before = (verb, read) =>
                {
                    if (verb == "read" && read == name && reads++ == 0)
                    {
                        memory.DeleteAsync(name, default).AsTask().GetAwaiter().GetResult();
                    }
                    else if (reads > 0 && comesBack)
                    {
                        Put(memory, name, sample.Objects[name]);
                    }
                },
            };
            await using var installation = await sample.OpenAsync(store, Verify.NewState());
            var told = (await Verify.RunAsync(installation, new VerifyRequest { Level = level })).Faults;
            Assert.True(reads > 0);
            Assert.Equal(comesBack ? [] : [name], told.Select(f => f.Object));
        }
    }

    [Fact]
    public async Task A_sync_passes_over_a_record_that_is_being_replaced_on_either_tier_and_the_next_one_brings_it()
    {
        var (memory, remote) = (new MemoryObjectStore(sample.Copy()), new MemoryObjectStore());
        var (near, far) = (new FaultyStore(memory), new FaultyStore(remote));
        await using var installation = await sample.OpenAsync(near, Verify.NewState(), far);
        await SyncAsync(installation);
        var whole = remote.Objects;
        foreach (var (tier, store) in ((MemoryObjectStore, FaultyStore)[])[(memory, near), (remote, far)])
        {
            installation.MemoryOf(Tier.Remote).Write(installation.MemoryOf(Tier.Remote).ReadNote() with { Claims = new Dictionary<string, string>() });   // both are read, and compared
            var wasRead = false;
            store.Before = (verb, read) =>
            {
                if (verb == "read" && read == "format/2" && !wasRead)
                {
                    wasRead = true;
                    tier.DeleteAsync(read, default).AsTask().GetAwaiter().GetResult();
                }
            };
            await SyncAsync(installation);
            Assert.True(wasRead);
            store.Before = (_, _) => { };
            Put(memory, "format/2", whole["format/2"]);
            await SyncAsync(installation);
            Assert.Equal(whole.Keys, remote.Objects.Keys);
        }
    }

    private static async Task SyncAsync(Installation installation)
    {
        var errors = new List<StingException>();
        Assert.Equal(JobState.Completed, (await TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(installation, Tier.Remote, default), errors)).State);
        Assert.Empty(errors);
    }

    private static bool Put(MemoryObjectStore store, string name, ReadOnlyMemory<byte> bytes)
    {
        store.PutAsync(name, bytes, default).AsTask().GetAwaiter().GetResult();
        return true;
    }
}
