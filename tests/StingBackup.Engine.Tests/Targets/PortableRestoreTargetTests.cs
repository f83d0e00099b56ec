using StingBackup.Engine.Basics;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Targets;

public sealed class PortableRestoreTargetTests : RestoreTargetConformance
{
    private protected override IRestoreTarget Open(string root) => new PortableRestoreTarget(root);

    [Fact]
    public void What_this_way_cannot_restore_is_told()
    {
        var messages = WriteFile("f", "x", metadata: Plain with { UserId = 1, ExtendedAttributes = [new([1], [2])] });
        Assert.Contains(messages, m => m.Contains("owner", StringComparison.Ordinal));
        Assert.Contains(messages, m => m.Contains("extended attributes", StringComparison.Ordinal));
        Assert.Equal("RestoreItemFailed", Fails(() => Target.CreateSpecial(P("p"), ItemKind.Fifo, Plain, replace: false)).ErrorId);
        Assert.Equal("NameNotAllowed", Fails(() => Target.CreateDirectory(EntryPath.FromBytes([0xff]))).ErrorId);
    }

    [UnixFact]
    public void Bits_that_would_run_as_the_one_who_restores_are_left_out_and_that_is_told()
    {
        Assert.Single(WriteFile("f", "x", metadata: Plain with { Mode = 0x9ed }));
        Assert.Equal(0x1edu, Target.Find(P("f"))!.Metadata.Mode);
    }

    [Fact]
    public void A_new_folder_is_made_for_the_target_with_all_above_it()
    {
        using var target = DirectoryRestoreTarget.Open(Path.Combine(Root, "a", "b"));
        Assert.Equal(Path.Combine(Root, "a", "b"), target.Location);
        Assert.Equal(ItemKind.Directory, target.Find(EntryPath.Root)!.Kind);
        File.WriteAllText(Path.Combine(Root, "f"), "");
        Assert.Equal("RestoreConflict", Fails(() => DirectoryRestoreTarget.Open(Path.Combine(Root, "f"))).ErrorId);
        Assert.Equal("RestoreItemFailed", Fails(() => DirectoryRestoreTarget.Open(Path.Combine(Root, "f", "g"))).ErrorId);
    }
}

public sealed class WindowsNamesTests
{
    [Theory]
    [InlineData("a:b")]
    [InlineData("a\\b")]
    [InlineData("what?")]
    [InlineData("*")]
    [InlineData("<")]
    [InlineData("a|b")]
    [InlineData("\"")]
    [InlineData("line\nbreak")]
    [InlineData("dot.")]
    [InlineData("blank ")]
    [InlineData("CON")]
    [InlineData("con")]
    [InlineData("nul.txt")]
    [InlineData("aux .tar.gz")]
    [InlineData("COM1")]
    [InlineData("lpt9.log")]
    [InlineData("COM¹")]
    [InlineData("CONIN$")]
    public void A_name_that_windows_would_take_for_something_else_is_refused(string name) => Assert.NotNull(WindowsNames.Objection(name));

    [Theory]
    [InlineData("a")]
    [InlineData("console")]
    [InlineData("COM")]
    [InlineData("COM10")]
    [InlineData("LPTX")]
    [InlineData(".hidden")]
    [InlineData("null")]
    [InlineData("a b")]
    [InlineData("xcon")]
    [InlineData("ü漢😀")]
    public void Any_other_name_is_allowed(string name) => Assert.Null(WindowsNames.Objection(name));

    [Fact]
    public void A_name_of_more_than_255_characters_is_refused()
    {
        Assert.Null(WindowsNames.Objection(new string('x', 255)));
        Assert.NotNull(WindowsNames.Objection(new string('x', 256)));
    }
}
