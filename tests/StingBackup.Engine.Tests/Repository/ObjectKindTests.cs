using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>Names are the first thing that tells an object of the repository from whatever else lies there.</summary>
public sealed class ObjectKindTests
{
    private const string Id16 = "00112233445566778899aabbccddeeff", Id32 = Id16 + Id16, Number = "000000000042";

    public static TheoryData<string, ObjectKind> Names => new()
    {
        { "format/1", ObjectKind.Format }, { "format/123456789", ObjectKind.Format }, { $"writers/{Id16}", ObjectKind.Writer }, { $"writers/{Id16}.7", ObjectKind.Writer }, { $"subjects/{Id16}", ObjectKind.Claim },
        { $"points/{Id16}/{Number}", ObjectKind.Point }, { $"sessions/{Id16}/{Number}", ObjectKind.Session }, { $"index/0/{Id32}", ObjectKind.Index }, { $"index/12/{Id32}", ObjectKind.Index },
        { $"meta/00/{Id32}", ObjectKind.MetaPack }, { $"data/00/{Id32}", ObjectKind.DataPack }, { $"ledger/{Number}", ObjectKind.Ledger }, { $"drops/{Id32}", ObjectKind.Drop }, { $"gc/{Id16}/1", ObjectKind.Mark },
        { $"audit/{Id16}/{Number}", ObjectKind.Audit }, { $"drills/{Id32}", ObjectKind.Drill }, { $"config/{Id16}/{Number}", ObjectKind.Configuration }, { $"approvers/{Id16}", ObjectKind.Approver }, { $"approvers/{Id16}.123456789", ObjectKind.Approver },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_says_what_it_is_and_nothing_that_is_longer_shorter_or_not_of_digits(string name, ObjectKind kind)
    {
        Assert.Equal(kind, ObjectKinds.Of(name));
        Assert.Null(ObjectKinds.Of(name + "/x"));
        Assert.Null(ObjectKinds.Of(name + "g"));
        Assert.Null(ObjectKinds.Of("x" + name));
        Assert.Null(ObjectKinds.Of(name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..]));
        // Every part but the first is made of digits, decimal or hexadecimal.
        for (var i = name.IndexOf('/', StringComparison.Ordinal) + 1; i < name.Length; i++)
        {
            if (name[i] is not ('/' or '.'))
            {
                Assert.Null(ObjectKinds.Of($"{name[..i]}z{name[(i + 1)..]}"));
            }
        }
    }

    [Theory]
    [InlineData("format/")]
    [InlineData("format/1234567890")]
    [InlineData("index//" + Id32)]
    [InlineData("index/123/" + Id32)]
    [InlineData("data/01/" + Id32)]
    [InlineData("meta/01/" + Id32)]
    [InlineData("data/0/" + Id32)]
    [InlineData("meta/001/" + Id32)]
    [InlineData("subjects/" + Id32)]
    [InlineData("points/" + Id16 + "/00000000042")]
    [InlineData("points/" + Id16 + "/0000000000042")]
    [InlineData("sessions/" + Id32 + "/" + Number)]
    [InlineData("sessions/" + Id16 + "/0000000000042")]
    [InlineData("audit/" + Id32 + "/" + Number)]
    [InlineData("audit/" + Id16 + "/42")]
    [InlineData("config/" + Id32 + "/" + Number)]
    [InlineData("config/" + Id16 + "/42")]
    [InlineData("ledger/42")]
    [InlineData("gc/" + Id16 + "/12")]
    [InlineData("gc/" + Id16 + "/")]
    [InlineData("gc/" + Id32 + "/1")]
    [InlineData("writers/" + Id16 + "7")]
    [InlineData("writers/" + Id16 + ".")]
    [InlineData("writers/" + Id16 + ".1234567890")]
    [InlineData("writers/0011")]
    [InlineData("")]
    public void What_is_nearly_a_name_is_none(string name) => Assert.Null(ObjectKinds.Of(name));

    [Fact]
    public void What_stands_in_names_is_read_and_what_does_not_is_zero()
    {
        Assert.True(Engine.Basics.Id32.TryParse(Id32, out var id));
        Assert.True(Engine.Basics.Id16.TryParse(Id16, out var half));
        Assert.Equal((id, default), (ObjectKinds.IdIn($"data/00/{Id32}"), ObjectKinds.IdIn("data/00/none")));
        Assert.Equal((half, default), (ObjectKinds.TagIn($"writers/{Id16}.7"), ObjectKinds.TagIn($"writers/{Id16[..31]}g")));
        Assert.Equal((half, 42L), ObjectKinds.RunIn($"points/{Id16}/{Number}"));
        Assert.Equal((default(Engine.Basics.Id16), 0L), ObjectKinds.RunIn($"points/none/{Number}"));
    }
}
