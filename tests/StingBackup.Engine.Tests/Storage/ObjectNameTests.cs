using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>Which names are packs', and what hash they hold.</summary>
public sealed class ObjectNameTests
{
    private static readonly string Hash = string.Concat(Enumerable.Repeat("0a", 32));

    [Theory]
    [InlineData("data/0a/", true), InlineData("meta/0a/", true), InlineData("data/", true), InlineData("index/0/", false)]
    public void The_name_of_a_pack_ends_in_its_hash(string folder, bool isPack)
    {
        Assert.Equal(isPack, ObjectName.IsPack(folder + Hash));
        Assert.Equal(isPack ? Enumerable.Repeat((byte)0x0a, 32) : null, ObjectName.HashOfPack(folder + Hash));
    }

    [Theory]
    [InlineData(""), InlineData("0"), InlineData("x")]
    public void A_name_that_ends_in_no_hash_has_none(string more)
    {
        Assert.Null(ObjectName.HashOfPack(more.Length == 0 ? $"data/{Hash[..^2]}" : more == "0" ? $"data/{Hash}{more}" : $"data/{Hash[..^1]}{more}"));
        Assert.Null(ObjectName.HashOfPack("data/x"));
    }

    [Theory]
    [InlineData("", false), InlineData("a", true), InlineData("a/b.c_d-e", true), InlineData("a//b", false), InlineData("/a", false), InlineData("a/", false), InlineData(".", false), InlineData("a/..", false), InlineData("...", true), InlineData("A", false)]
    public void A_name_is_of_few_characters_between_single_slashes(string name, bool isValid) => Assert.Equal(isValid, ObjectName.IsValid(name));

    [Fact]
    public void A_prefix_is_the_start_of_a_name()
    {
        ObjectName.CheckPrefix("");
        ObjectName.CheckPrefix("a/b");
        Assert.Equal("NameNotAllowed", Assert.Throws<StingException>(() => ObjectName.CheckPrefix("a*")).ErrorId);
    }
}
