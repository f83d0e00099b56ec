using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Clean;
using StingBackup.Engine.Tests.Guardian;
using StingBackup.Engine.Tests.Guardian.Simulation;

namespace StingBackup.Engine.Tests.Restore.Clean;

/// <summary>Where a name tells nothing, a file's own history does.</summary>
public sealed class CorruptionByKindTests
{
    private readonly Random _random = new(8);

    [Fact]
    public async Task What_was_random_from_the_beginning_is_good_and_what_became_so_is_not()
    {
        await using var test = new TestInstallation();
        var folder = $"{GuardianFixture.Ann}/";
        (string Name, Format Before, Format After, CorruptionVerdict Verdict, string Problem)[] files =
        [
            ("model.weights", Format.Opaque, Format.Opaque, CorruptionVerdict.Good, ""),
            ("ledger.dat", Format.Text, Format.Opaque, CorruptionVerdict.Found, "it looked like text once; it looks like what a cipher makes now"),
            ("notes", Format.Text, Format.Coded, CorruptionVerdict.Found, "it looked like text once; it looks like what a cipher makes now"),
            ("opened.dat", Format.Opaque, Format.Text, CorruptionVerdict.Good, ""),
            ("plan.docx.qx7", Format.Opaque, Format.Opaque, CorruptionVerdict.AlwaysBad, "it bears one more extension, .qx7, and looks like what a cipher makes"),
            ("plan.docx.gpg", Format.Gpg, Format.Gpg, CorruptionVerdict.Good, ""),
            ("photo.jpg", Format.Jpeg, Format.Jpeg, CorruptionVerdict.Found, "it still begins like Jpeg, and does not end so any more"),
            ("film.jpg", Format.Jpeg, Format.Jpeg, CorruptionVerdict.Found, "it still begins like Jpeg, and does not end so any more"),
            ("private.7z", Format.SealedSevenZip, Format.SealedSevenZip, CorruptionVerdict.Good, ""),
        ];
        for (var run = 0; run < 4; run++)
        {
            foreach (var (name, before, after, _, _) in files)
            {
                var content = SimulatedContent.Make(run < 2 ? before : after, (name == "film.jpg" ? 200_000 : 5000) + run, _random);
                if (run >= 2 && before == Format.Jpeg)
                {
                    _random.NextBytes(content.AsSpan(600));
                }
                test.Write(folder + name, content);
            }
            await test.BackupAsync();
        }
        using var search = new CorruptionSearch(test.Installation, null);
        var found = new Dictionary<string, CorruptionWindow>();
        await foreach (var one in search.CasesAsync(null, GuardianFixture.Ann["users/".Length..], new PointQuery(), default))
        {
            while (one.Next is not null)
            {
                one.TestByName(default);
            }
            found[one.Path[folder.Length..]] = one.Result();
        }
        Assert.All(files, f => Assert.Equal((f.Verdict, f.Problem), (found[f.Name].Verdict, found[f.Name].Problem)));
    }
}
