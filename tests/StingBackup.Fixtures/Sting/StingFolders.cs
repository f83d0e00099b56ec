using System.Globalization;
using System.IO.Compression;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Fixtures.Sting;

/// <summary>Writes what of an installation lies on disk: its own folder, the volume of uploads, the layout that its documents describe.</summary>
internal static class StingFolders
{
    public static void Write(string root, StingPlan plan, StingSiteOptions options, CancellationToken cancel)
    {
        var awkward = $"install/honey-reserve/{plan.People[SamplePeople.Awkward].FolderName}";
        var files = new SamplePlan
        {
            People = plan.People, Jars = [.. plan.Jars.Select(j => $"uploads/{j.Id}")], Files = plan.Files, EmptyFolders = [.. plan.Jars.Select(j => $"uploads/{j.Id}"), "install/certs", awkward], ExcludedFolders = [],
        };
        new SampleWriter(root, cancel).Write(files);
        WriteKeys(root, plan);
        WriteArchives(root, plan, SampleRandom.For(options.Seed, "archives"));
        if (options.Edges)
        {
            new SampleEdges(root, options.Seed, files, awkward).Make(cancel);
            // One name in two jars.
            foreach (var jar in plan.Jars.Take(2))
            {
                const string Twin = "onboarding guide.md";
                plan.Documents.Add(new StingDocument
                {
                    Id = SampleRandom.For(options.Seed, jar.Id).NextUuid(), Jar = jar, Name = Twin, ContentType = "text/markdown", DiskName = Twin, Size = new FileInfo(Path.Join(root, "uploads", jar.Id, Twin)).Length,
                });
            }
        }
        SampleWriter.StampFolders(root);
    }

    /// <summary>The master key in env/app.env; the one before it where an administrator keeps it.</summary>
    private static void WriteKeys(string root, StingPlan plan)
    {
        foreach (var (file, key) in new[] { ("env/app.env", plan.MasterKey), ("env/app.env.2023", plan.EarlierMasterKey) })
        {
            var path = Path.Join(root, "install", file);
            File.AppendAllText(path, $"HONEY_RESERVE_MASTER_KEY={Convert.ToBase64String(key)}\nHONEY_RESERVE_ENCRYPT_AT_REST=true\n");
            SampleWriter.SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.SetLastWriteTimeUtc(path, SampleClock.Epoch);
        }
    }

    /// <summary><c>archives/YYYY/MM/&lt;user&gt;/&lt;file&gt;.gz</c> beside <c>.meta.json</c>.</summary>
    private static void WriteArchives(string root, StingPlan plan, SampleRandom random)
    {
        for (var i = 0; i < 3; i++)
        {
            var owner = plan.People[SamplePeople.Known].FolderName;
            var folder = string.Create(CultureInfo.InvariantCulture, $"install/archives/2023/{i + 4:00}/{owner}");
            SampleWriter.MakeFolder(root, folder);
            var path = Path.Join(root, folder, random.NextUuid());
            using (var packed = new GZipStream(File.Create(path + ".gz"), CompressionLevel.Fastest))
            {
                SampleContent.Write(packed, SampleFileKind.Text, 20_000, random.NextUInt64());
            }
            File.WriteAllText(path + ".meta.json", $$"""{"user_id": "{{owner}}", "archived_at": "2023-0{{i + 4}}-01T03:00:00"}""");
            File.SetLastWriteTimeUtc(path + ".gz", SampleClock.Epoch);
            File.SetLastWriteTimeUtc(path + ".meta.json", SampleClock.Epoch);
        }
    }
}
