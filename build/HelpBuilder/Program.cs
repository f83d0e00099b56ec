using StingBackup.HelpBuilder;

// maml <docs/help> <en-US>: makes the offline help.   refresh <module> <docs/help>: brings the pages up to the built module.
try
{
    switch (args)
    {
        case ["maml", var docs, var output]:
            MakeHelp(docs, output);
            return 0;
        case ["refresh", var module, var docs]:
            RefreshPages(module, docs);
            return 0;
        default:
            await Console.Error.WriteLineAsync("usage: HelpBuilder maml DOCS OUTPUT | refresh MODULE DOCS");
            return 2;
    }
}
catch (PageException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

static void MakeHelp(string docs, string output)
{
    Directory.CreateDirectory(output);
    var pages = new List<CommandPage>();
    var expected = new HashSet<string>(StringComparer.Ordinal) { "StingBackup.Cmdlets.dll-Help.xml" };
    foreach (var path in Directory.EnumerateFiles(docs, "*.md").Order(StringComparer.Ordinal))
    {
        var name = Path.GetFileNameWithoutExtension(path);
        if (name.StartsWith("about_", StringComparison.Ordinal))
        {
            expected.Add($"{name}.help.txt");
            WriteWhenChanged(Path.Combine(output, $"{name}.help.txt"), PlainText.Topic(File.ReadAllText(path), width: 80));
        }
        else
        {
            pages.Add(PageReader.Read(path, File.ReadAllText(path)));
        }
    }
    WriteWhenChanged(Path.Combine(output, "StingBackup.Cmdlets.dll-Help.xml"), MamlWriter.ToText(MamlWriter.Write(pages)));
    foreach (var stale in Directory.EnumerateFiles(output).Where(f => !expected.Contains(Path.GetFileName(f))))
    {
        File.Delete(stale);
    }
}

static void RefreshPages(string module, string docs)
{
    using var built = new BuiltModule(Path.GetFullPath(module));
    foreach (var command in built.Commands)
    {
        var path = Path.Combine(docs, $"{command.Name}.md");
        var old = File.Exists(path) ? PageReader.Read(path, File.ReadAllText(path), draft: true) : null;
        WriteWhenChanged(path, PageWriter.Write(PageRefresher.Refresh(command, old)));
    }
}

static void WriteWhenChanged(string path, string text)
{
    if (!File.Exists(path) || File.ReadAllText(path) != text)
    {
        File.WriteAllText(path, text);
    }
}
