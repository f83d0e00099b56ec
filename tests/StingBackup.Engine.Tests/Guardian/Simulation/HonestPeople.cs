namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>People who do nothing wrong, and some of them a lot of it: what they have, what they do all day, and what they do once in a while.</summary>
internal static class HonestPeople
{
    public static readonly string[] Kinds = ["office", "developer", "photographer", "researcher", "archivist", "light"];

    /// <summary>Someone of a kind, with files.</summary>
    public static SimulatedSubject Make(string kind, int seed)
    {
        var subject = new SimulatedSubject(seed);
        var random = subject.Random;
        (int Files, Format[] Formats, int Least, int Most) = kind switch
        {
            "office" => (random.Next(80, 260), new[] { Format.Docx, Format.Docx, Format.Xlsx, Format.Pdf, Format.Pdf, Format.Text, Format.Jpeg }, 2000, 12000),
            "developer" => (random.Next(150, 400), [Format.Code, Format.Code, Format.Code, Format.Code, Format.Xml, Format.Text, Format.Png], 300, 5000),
            "photographer" => (random.Next(25, 45), [Format.Jpeg, Format.Jpeg, Format.Jpeg, Format.Png, Format.Mp4], 800_000, 1_500_000),
            "researcher" => (random.Next(60, 180), [Format.Csv, Format.Csv, Format.Sqlite, Format.Text, Format.Pdf, Format.Opaque, Format.Wav], 2000, 20000),
            "archivist" => (random.Next(80, 200), [Format.Pdf, Format.Zip, Format.Docx, Format.Text, Format.Xml], 1000, 8000),
            _ => (random.Next(25, 60), [Format.Pdf, Format.Jpeg, Format.Text, Format.Docx], 1000, 9000),
        };
        for (var i = 0; i < Files; i++)
        {
            Add(subject, Formats[random.Next(Formats.Length)], random.Next(Least, Most), $"folder{random.Next(6)}");
        }
        if (random.Next(3) == 0)
        {
            subject.Put("users/x/passwords.kdbx", Format.Kdbx, SimulatedContent.Make(Format.Kdbx, 3000, random));
        }
        subject.Begin();
        return subject;
    }

    /// <summary>What happens in a quarter of an hour of a working day; mostly nothing.</summary>
    public static void Work(string kind, SimulatedSubject subject)
    {
        var random = subject.Random;
        var (chance, edits) = kind switch { "developer" => (0.25, 6), "office" => (0.12, 2), "photographer" => (0.05, 3), "researcher" => (0.15, 4), "light" => (0.02, 1), _ => (0.08, 2) };
        if (random.NextDouble() >= chance || subject.Files.Count == 0)
        {
            return;
        }
        for (var i = random.Next(1, edits + 1); i > 0; i--)
        {
            var path = subject.Any();
            var (format, content) = subject.Files[path];
            switch (random.Next(20))
            {
                case < 13:
                    subject.Put(path, format, SimulatedContent.Edit(format, content, random));
                    break;
                case < 17:
                    Add(subject, format, Math.Max(200, content.Length + random.Next(-100, 500)), $"folder{random.Next(6)}");
                    break;
                case 17:
                    subject.Rename(path, $"users/x/folder{random.Next(6)}/moved{random.Next(1_000_000)}{SimulatedContent.ExtensionOf(format)}");
                    break;
                case 18 when subject.Files.Count > 20:
                    subject.Delete(path);
                    break;
            }
        }
    }

    /// <summary>The busy things, each once or twice a month for whom it fits.</summary>
    public static readonly IReadOnlyDictionary<string, Action<SimulatedSubject>> Busy = new Dictionary<string, Action<SimulatedSubject>>
    {
        ["bulk upload"] = s => Repeat(s.Random.Next(60, 200), () => Add(s, Pick(s, Format.Jpeg, Format.Pdf, Format.Docx, Format.Csv), s.Random.Next(1000, 9000), "upload")),
        ["upload of enciphered files"] = s => Repeat(s.Random.Next(20, 60), () => Add(s, Pick(s, Format.Gpg, Format.Opaque), s.Random.Next(1000, 5000), "vault")),
        ["re-encode"] = s =>
        {
            foreach (var (path, file) in s.Files.Where(f => f.Value.Format is Format.Jpeg or Format.Png or Format.Mp4 or Format.Wav).ToList())
            {
                if (file.Format is Format.Wav or Format.Png)
                {
                    s.Delete(path);
                    var to = file.Format == Format.Png ? Format.Jpeg : Format.Mp4;
                    s.Put(Path.ChangeExtension(path, SimulatedContent.ExtensionOf(to)), to, SimulatedContent.Make(to, Math.Max(300, file.Content.Length * 2 / 3), s.Random));
                }
                else
                {
                    s.Put(path, file.Format, SimulatedContent.Make(file.Format, Math.Max(300, (file.Content.Length * 2 / 3) + s.Random.Next(-150, 150)), s.Random));
                }
            }
        },
        ["big refactor"] = s =>
        {
            foreach (var (path, file) in s.Files.Where(f => f.Value.Format is Format.Code or Format.Xml or Format.Text).ToList())
            {
                var content = s.Random.Next(3) > 0 ? SimulatedContent.Edit(file.Format, file.Content, s.Random) : file.Content;
                if (s.Random.Next(2) == 0)
                {
                    s.Delete(path);
                    s.Put(path.Replace("folder", "src/module", StringComparison.Ordinal), file.Format, content);
                }
                else
                {
                    s.Put(path, file.Format, content);
                }
            }
        },
        ["zip of everything"] = s =>
        {
            var all = s.Files.ToList();
            s.Put($"users/x/all-{s.Random.Next(1_000_000)}.zip", Format.Zip, SimulatedContent.Make(Format.Zip, Math.Max(500, (int)Math.Min(1 << 24, all.Sum(f => (long)f.Value.Content.Length) * 2 / 5)), s.Random));
            if (s.Random.Next(2) == 0)
            {
                all.ForEach(f => s.Delete(f.Key));
            }
        },
        ["7z of everything"] = s =>
        {
            var all = s.Files.ToList();
            s.Put($"users/x/all-{s.Random.Next(1_000_000)}.7z", Format.SevenZip, SimulatedContent.Make(Format.SevenZip, Math.Max(500, (int)Math.Min(1 << 24, all.Sum(f => (long)f.Value.Content.Length) * 2 / 5)), s.Random));
            if (s.Random.Next(2) == 0)
            {
                all.ForEach(f => s.Delete(f.Key));
            }
        },
        ["a third put under a password"] = s =>
        {
            var old = s.Files.Where(f => !f.Key.EndsWith(".7z", StringComparison.Ordinal)).OrderBy(_ => s.Random.Next()).Take(s.Files.Count / 3).ToList();
            s.Put($"users/x/old-{s.Random.Next(1_000_000)}.7z", Format.SealedSevenZip, SimulatedContent.Make(Format.SealedSevenZip, Math.Max(500, (int)Math.Min(1 << 24, old.Sum(f => (long)f.Value.Content.Length) * 2 / 3)), s.Random));
            old.ForEach(f => s.Delete(f.Key));
        },
        ["one archive with a password, made anew"] = s =>
        {
            foreach (var path in s.Files.Keys.Where(k => k.StartsWith("users/x/private-", StringComparison.Ordinal)).ToList())
            {
                s.Delete(path);
            }
            var some = s.Files.Take(s.Files.Count / 2).Sum(f => (long)f.Value.Content.Length);
            s.Put($"users/x/private-{s.Random.Next(1_000_000)}.zip", Format.SealedZip, SimulatedContent.Make(Format.SealedZip, Math.Max(500, (int)Math.Min(1 << 24, some * 2 / 3)), s.Random));
        },
        ["spring cleaning"] = s =>
        {
            foreach (var path in s.Files.Keys.Where(_ => s.Random.Next(100) < 30).ToList())
            {
                s.Delete(path);
            }
        },
        ["move of a folder"] = s =>
        {
            foreach (var path in s.Files.Keys.Where(p => p.Contains("folder1", StringComparison.Ordinal) || p.Contains("folder2", StringComparison.Ordinal)).ToList())
            {
                s.Rename(path, path.Replace("folder", "archive/old", StringComparison.Ordinal));
            }
        },
        ["encipher a few files"] = s =>
        {
            foreach (var path in s.Files.Keys.OrderBy(_ => s.Random.Next()).Take(s.Random.Next(1, 3)).ToList())
            {
                var length = s.Files[path].Content.Length;
                s.Delete(path);
                s.Put($"{path}.gpg", Format.Gpg, SimulatedContent.Make(Format.Gpg, length + 60, s.Random));
            }
        },
        ["dates of all photos set right, in place"] = s =>
        {
            foreach (var (path, file) in s.Files.Where(f => f.Value.Format == Format.Jpeg).ToList())
            {
                var content = (byte[])file.Content.Clone();
                s.Random.NextBytes(content.AsSpan(40, Math.Min(60, content.Length - 40)));
                s.Put(path, file.Format, content);
            }
        },
        ["restore of a backup of a month ago"] = s =>
        {
            foreach (var (path, file) in s.Files.ToList().Where(_ => s.Random.Next(2) == 0))
            {
                s.Put(path, file.Format, SimulatedContent.Edit(file.Format, file.Content, s.Random));
            }
        },
    };

    private static void Add(SimulatedSubject subject, Format format, int length, string folder) =>
        subject.Put($"users/x/{folder}/file{subject.Random.Next(10_000_000)}{SimulatedContent.ExtensionOf(format)}", format, SimulatedContent.Make(format, length, subject.Random));

    private static Format Pick(SimulatedSubject subject, params Format[] formats) => formats[subject.Random.Next(formats.Length)];

    private static void Repeat(int times, Action action)
    {
        for (; times > 0; times--)
        {
            action();
        }
    }
}
