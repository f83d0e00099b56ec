using System.Diagnostics;
using System.Globalization;
using StingBackup.Bench;
using StingBackup.Bench.Buckets;
using StingBackup.Bench.Corpora;
using StingBackup.Bench.Primitives;
using StingBackup.Bench.Report;
using StingBackup.Bench.Scale;
using StingBackup.Bench.Scale.Simulation;
using StingBackup.Bench.Sites;
using StingBackup.Bench.Trees;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;
using StingBackup.Fixtures.Sting;

const string Usage = """
    Makes what bench/compare.sh measures with, and tells what it found.

      corpus fixture|small|large|million DIR [--seed N] [--scale F] [--apart] [--edges]
                                                                    builds a corpus in a new folder (--apart: fixture without duplicates across subjects; --edges: with what is awkward)
      change fixture|small|large|million DIR SEED [SHARE]               changes 5 % of it, or another share (not of large)
      sting DIR [--seed N] [--scale F] [--encrypted F]              builds a STING installation in a new folder: PostgreSQL, a stand-in for Vault, folders, and a repository with
                                                                    its configuration; keeps the servers up till its input ends, and reads from it: tick SEED [SHARE], reads
      tree-hash DIR [--list]                                            one hash over names, contents, modes, owners, times, links (Linux)
      s3                                                                keeps a real S3 server (Ceph) up till its input ends, and reads from it: bucket, down, up
      index CONFIG CHUNKS                                               puts a run of so many chunks into an empty repository, with index and trees and packs without bytes
      scale …                                                           what bench/scale.sh calls: points, subjects, change, report
      simulate-scale [--seed N] [--into FILE]                           the tables of docs/scale.md
      sweep CONFIG SPEED                                                sweeps a repository over and over, by a clock that runs SPEED times as fast, till its input ends
      restore-points CONFIG COPIES ERASED SCRATCH                       restores every run that a copy in COPIES is named by, and compares (Linux)
      suites                                                            times key pairs, seals and opens of each suite
      primitives TREE OUT [--threads N]                             reads, cuts, hashes, compresses, encrypts and writes a tree's bytes into a new file, with the engine's primitives and without the engine (Linux)
      chunks CONFIG                                                 prints how many chunks a repository's index names
      report RESULTS.tsv … [--into FILE] [--plots DIR]              prints tables of all these together; --into replaces the measured section of a Markdown file, --plots draws the main rows
    """;

try
{
    return args switch
    {
        ["corpus", var kind, var root, .. var rest] => Corpus(kind, root, rest),
        ["change", "large", var root, var seed] => Change(() => LargeFile.Change(root, Number(seed))),
        ["change", "fixture" or "small" or "million", var root, var seed] => Change(() => SampleReserve.Change(root, Number(seed))),
        ["change", "fixture" or "small" or "million", var root, var seed, var share] => Change(() => SampleReserve.Change(root, Number(seed), Fraction(share))),
        ["sting", var root, .. var rest] => await SiteAsync(root, rest),
        ["tree-hash", var root, .. var rest] when rest is [] or ["--list"] => Hash(root, rest.Length > 0),
        ["s3"] => await BucketCommand.RunAsync(),
        ["index", var configuration, var chunks] => await IndexCommand.RunAsync(configuration, long.Parse(chunks, CultureInfo.InvariantCulture)),
        ["simulate-scale", .. var rest] => SimulationCommand.Run(rest),
        ["scale", .. var rest] => await ScaleCommand.RunAsync(rest),
        ["sweep", var configuration, var speed] => await SweepCommand.RunAsync(configuration, Fraction(speed)),
        ["restore-points", var configuration, var copies, var erased, var scratch] when OperatingSystem.IsLinux() => await RestorePointsCommand.RunAsync(configuration, copies, erased, scratch),
        ["suites"] => SuiteCommand.Run(),
        ["primitives", var tree, var output] when OperatingSystem.IsLinux() => PrimitivesCommand.Run(tree, output, Environment.ProcessorCount),
        ["primitives", var tree, var output, "--threads", var threads] when OperatingSystem.IsLinux() => PrimitivesCommand.Run(tree, output, Math.Max(1, Number(threads))),
        ["chunks", var configuration] => await ChunksCommand.RunAsync(configuration),
        ["report", .. var rest] when rest.Length > 0 => ReportCommand.Run(rest),
        _ => Bad(Usage),
    };
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or StingBackup.StingException or FormatException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static int Bad(string message)
{
    Console.Error.WriteLine(message);
    return 2;
}

static int Number(string text) => int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

static double Fraction(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

static int Corpus(string kind, string root, string[] options)
{
    int seed = 1;
    var scale = 1.0;
    bool apart = false, edges = false;
    for (var i = 0; i < options.Length; i++)
    {
        switch (options[i])
        {
            case "--seed" when i + 1 < options.Length:
                seed = Number(options[++i]);
                break;
            case "--scale" when i + 1 < options.Length:
                scale = Fraction(options[++i]);
                break;
            case "--edges":
                edges = true;
                break;
            case "--apart":
                apart = true;
                break;
            default:
                return Bad($"'{options[i]}' is no option of corpus.");
        }
    }
    if (Path.Exists(root) && !(Directory.Exists(root) && !Directory.EnumerateFileSystemEntries(root).Any()))
    {
        return Bad($"'{root}' is there already, and not an empty folder.");
    }
    var watch = Stopwatch.StartNew();
    (int Files, long Length)? made = kind switch
    {
        // No edges unless told: what restic and borg cannot hold alike (attributes, raw names, five GB of holes) would measure something else.
        "fixture" => Fixture(root, new SampleReserveOptions { Seed = seed, Scale = scale, Edges = edges, CrossSubjectDuplicates = !apart }),
        "small" => SmallFiles.Generate(root, seed, scale),
        "large" => LargeFile.Generate(root, seed, scale),
        "million" => MillionFiles.Generate(root, seed, scale),
        _ => null,
    };
    if (made is not { } corpus)
    {
        return Bad($"'{kind}' is no corpus: fixture, small, large or million.");
    }
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}: {corpus.Files} files, {corpus.Length / 1e6:F1} MB, in {watch.Elapsed.TotalSeconds:F1} s"));
    return 0;
}

static async Task<int> SiteAsync(string root, string[] options)
{
    var site = new StingSiteOptions { Scale = 1 };
    for (var i = 0; i < options.Length; i += 2)
    {
        if (i + 1 == options.Length)
        {
            return Bad($"'{options[i]}' needs a value.");
        }
        switch (options[i])
        {
            case "--seed":
                site = site with { Seed = Number(options[i + 1]) };
                break;
            case "--scale":
                site = site with { Scale = Fraction(options[i + 1]) };
                break;
            case "--encrypted":
                site = site with { Encrypted = Fraction(options[i + 1]) };
                break;
            default:
                return Bad($"'{options[i]}' is no option of sting.");
        }
    }
    return await SiteCommand.RunAsync(Path.GetFullPath(root), site);
}

static (int, long) Fixture(string root, SampleReserveOptions options)
{
    var report = SampleReserve.Generate(root, options);
    // Default rules leave these out of a backup; a restore could then not equal the corpus.
    foreach (var folder in report.ExcludedFolders)
    {
        Directory.Delete(Path.Join(root, folder), recursive: true);
    }
    return (report.Files, report.Length);
}

static int Change(Action change)
{
    change();
    return 0;
}

static int Hash(string root, bool list)
{
    if (!OperatingSystem.IsLinux())
    {
        return Bad("tree-hash reads file systems as Linux has them.");
    }
    var items = TreeHash.Items(root);
    if (list)
    {
        foreach (var item in items)
        {
            Console.WriteLine($"{EntryPath.Display(item.Path)}\t{item.Line}");
        }
    }
    Console.WriteLine(TreeHash.Of(items));
    return 0;
}
