using System.IO.Compression;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Tests.Guardian.Simulation;

namespace StingBackup.Engine.Tests.Guardian;

/// <summary>What the ends of archives and documents tell. The archives are real: three texts, packed by 7-Zip 16.02 and Info-ZIP 3.0.</summary>
public sealed class SealedContentTests
{
    private static readonly Dictionary<string, string> Archives = new()
    {
        ["7z"] = "H4sICJ0YCGsCA3QtcGxhaW4uN3oAATEDzvw3eryvJxwABBF5ULXvAgAAAAAAACIAAAAAAAAAdWLjn+ATcAJwXQA0G8oYcgtX8lpr3lPNbyzAdHQuKidgN+WLX93P+iUD4uJ/hA9YKAZ/TFUg/LNRwxQeBe88wE8bDS90570u3HoRT64WMAGcNQ0nCXMkri/aCXpPZXZcIJQwxtslS1tl8iz60Q0x4FB+dOR7L3G/mFoNs02f9jvSvKr/x5nb4oWYgEwZe00Tj6ZYpb0VhhuLPRlFhg7zbTviHtXtCOVfWfG8IchjakZSoCakuJ00ZREzlwcnNJtJfZ2zVJnJ6LzXdngpGDRvRxH+OCA8fnrrjA+GCqvy/j1jz8q4oh0XeckG8+3N/yAOKn0lb/BDoMeT4Kpm7NL+faCWn3ncva4McIN99aJAHkJrcsq5IXqrWt0qUXJ3w5waJz9Bq+Jh8GWm6pc6b0qAWr13wxr76cEwk7DqvQn2kmhfHiNGPkQFcYhVBsc7o9Oqb7WhBX1O1e7NIWmrWKVEcHk//i23pDxVAA09Ng7JOsADufQLGQI4Lhfv/Rko/sFRRX/CMhVJVwRF63jM8IyvdkE12DOyffVBtyNHdEioXDPGar94gKh/x8eIBiX6xkezT0YRZovCrDAuPhrgSZLhplQU1T+8SoQfSoDHx4EAuLpBL7umFmrdSsql/WKejwUjoydzaZcCkTYQvuXqn75g+ycfx0ce7eK7lHcR904smxghNAhujGIp1pNAYKJ8qr5qwI7OhWJikuMD79d7zDR1B2B4HDgirJfUe4g+fMJ7p6d2l/lFJ5w3trHs/SUC0F+HVIJhSkctnIBYFnmn7xx7SHJ4ELoH1FlUQ0P+6RXdGMH6kkYBCR6dCNtvF/yUNAS64PCbstTYbCJivQAAAACBMweuD9VFew8XJNP+s3AWsVHukf2mzknvRjXVNNrOIGOdR46c2ZVts95BX7+aHF+8rIlmMdeJ3q1CDzo5q+1G124mPORuscScArEsvN3JBIHT8uEVNKKBI1w48R/9a8n1ubRXruCzoOJ+UZWi6PSQzRAAAAAXBoJ4AQl3AAcLAQABIwMBAQVdABAAAAyAtgoBGYEv1QAA6k54ZzEDAAA=",
        ["7z, LZMA"] = "H4sICJ4YCGsCA3QtbHptYS43egABLwPQ/Dd6vK8nHAAEl4ebx+0CAAAAAAAAIgAAAAAAAACmA8ZgADQbyhhyC1fyWmveU81vLMB0dC4qJ2A35Ytf3c/6JQPi4n+ED1goBn9MVSD8s1HDFB4F7zzATxsNL3TnvS7cehFPrhYwAZw1DScJcySuL9oJek9ldlwglDDG2yVLW2XyLPrRDTHgUH505Hsvcb+YWg2zTZ/2O9K8qv/HmdvihZiATBl7TROPplilvRWGG4s9GUWGDvNtO+Ie1e0I5V9Z8bwhyGNqRlKgJqS4nTRlETOXByc0m0l9nbNUmcnovNd2eCkYNG9HEf44IDx+euuMD4YKq/L+PWPPyriiHRd5yQbz7c3/IA4qfSVv8EOgx5Pgqmbs0v59oJafedy9rgxwg331okAeQmtyyrkheqta3SpRcnfDnBonP0Gr4mHwZabqlzpvSoBavXfDGvvpwTCTsOq9CfaSaF8eI0Y+RAVxiFUGxzuj06pvtaEFfU7V7s0haatYpURweT/+LbekPFUADT02Dsk6wAO59AsZAjguF+/9GSj+wVFFf8IyFUlXBEXreMzwjK92QTXYM7J99UG3I0d0SKhcM8Zqv3iAqH/Hx4gGJfrGR7NPRhFmi8KsMC4+GuBJkuGmVBTVP7xKhB9KgMfHgQC4ukEvu6YWat1KyqX9Yp6PBSOjJ3NplwKRNhC+5eqfvmD7Jx/HRx7t4ruUdxH3TiybGCE0CG6MYinWk0BgonyqvmrAjs6FYmKS4wPv13vMNHUHYHgcOCKsl9R7iD58wnunp3aX+UUnnDe2sez9JQLQX4dUgmFKRy2cgFgWeafvHHtIcngQugfUWVRDQ/7pFd0YwfqSRgEJHp0I228X/JQ0BLrg8Juy1NhsImK9AAAAgTMHrg/VRVNZVyTT/rN+L4mSvr45p4QeampwXcOMo8SJ4ielF3A92qhiQCiTOxGeBIeZvkAeeBoiEEWslVBioRo4X5vKcTDceO1uPrTX1X1ytK6pKaGUTky967rv3TqTJbRmNcubJIRSJtkyTeydmpNJ0vf7PIVgAAAXBoJxAQl8AAcLAQABIwMBAQVdABAAAAyAtgoBaMvDZgAAFuaaGS8DAAA=",
        ["7z, PPMd"] = "H4sICJ4YCGsCA3QtcHBtZC43egAB7wIQ/Td6vK8nHAAEeyqJg60CAAAAAAAAIgAAAAAAAAAx0VyWAGgJM+xDp+FQOMwpbr8MK4XSmZjG6tAN+NX7O2uVKgLFmvC++DWOy58ORDmGQvL40felYocR2jjafResyoJnjWIegkoZHXR+gjRgJMxd8fKnn9MAeRXjwqMkEc0JUPtM9anC/XXvbjqeiD2WFtCYzZVr5mWLNx5j97il9P9eKIiQ0XHsKqHmPuln9DKJ9nbVwsRhuL8oUVx07H6aF9sFgk8AQpbfd7VzqdZMIrawE6SCwxrng3GgNK+7+p/2O13SsB/r6MNPoJk077mTiakbMF/S3i5954pdPyiN+RFWVEdayF6Dm3Fl1uRGWS94KhrPnN5Mlktw14pNTBjXKZccVXX7/5UjeeB15C5BSjukzVH/7vZrz1+JzZA20pUtM0doNGojZ1TfvtIR+V+5SLlVx5/DnLjwrdDoWG4mfRR/2dgZsEPFkNNW7CynZ992wShk6/rz1WJz9zgrBMR2KFiI/rhiGa4QwsMyTT5M/Ghgg3Fmq+RuKpeCh3Pyo8BqmP4cl2X9R7UGfvsncRLeSRCgQHy0ri/i392a6ODgafLuIHGdcAmLmu8LsGPFPICbvrofwBf+bCryLRuhFT570xz8AsCMHBPWkjeiW4waVJZYrs14FM2NxRbbYSZpzaAjv3SbY7wF4Fj19exbeLFVeAcToRvGwDPekODddqY+mLuGP6VDll4+IuAvfFDPw3ReUPCvhLWP0X3WEAb3n70T4Mt0cLhhWCHQK8yq7nYFfchOTKo0AACBMweuD9VD6ElXJNP+s34x86B8y6iwvxTmbxhMgvHGYbwjUocxrKuFTHvaJyzNKLVAi2OsotgJFTuutJabFUpbbanx8MrwnBvwRNVjZH0a6OFNqf8EenooSPtARMdE8EhDjJrYTPwqxk/Hwc5mTGB8TJEHw5SwlgAAABcGgjEBCXwABwsBAAEjAwEBBV0AEAAADIC2CgFwXRLPAAALOMQW7wIAAA==",
        ["7z, bzip2"] = "H4sICJ4YCGsCA3QtYnouN3oAAT8DwPw3eryvJxwABLT9KZ79AgAAAAAAACIAAAAAAAAAGacZk0JaaDkxQVkmU1kR4tGWAAY02YAAEEAAf+AyRdygUAOGCD2sAQGp4mpiUqP1QBgoAAAYBk8qTSagGg0CgAABgESJMSQAybT15LS358D7fz4Y6UFZdXTJIIPbh20bO1juZbe3MKpRqpWlNqposoXujWshPDl73h1126znHrB3vfiSWc8cmBh3tRbAWVFlRYq2YLZMFgrdSSxdAaFbgtFZQWXFaiwViLLBWzUksXWYairUVFFMMwmBhAgQGSYLIiyKtuC0F8SS295Jbf6SW3W/f3e1Rarn36OmPo7A1X39rX1Q24rtqjI9vdOVUddlc2lm7nNndhy9DTrTWuDt7fWtpS70ZFXX2X8AHOcl57aXtpOEHughJqgX6e1Ub14MFbs0kXDJP5AHBAlqBQaXIqMdc5R5hHEQdy7nBxGEBkDrWEATqBiNSRcS5i823dOaJo3OTF2a3NAJuZgaqPDTO2XidEMl3s2FzolNFvGRnJedVxFqBJzAuIZjUDE4O22brejGs2aA4CSwuglM+NcFnmkOLpApT1zj9jo8u1zMPT70HHsF1ykuOe889roM1eiApaiIuZaCg2xcW3tUc8noJsNPG8pDNdbKnQ+2UUmghAldOdWnov3eWKMryXIgaIIgZpn3rsQqsFd7sYNKOszhJqRHG6vutNMN30KzPeRVX3CUzZvzDBGVtBdbJ6LaYodM2aTAle9OJamEOr2qbj8KDLM7ejOnbAsHdUy5nve9CMl6/a8CiaaVTX7lVV3VteHd1t9oGUWwS1RcsADnOf4AK+QFe4CvQCtAK/QCv+Ar3AV8AK+AFcAK+QFeQFegFbAV6AV9wFeAFbAV7AK2AK0Ar6F3JFOFCQEeLRlgAACBMweuD9VF0CbWbCkfR0u/Q5UI3uAsiTIZ/9qeHZXkLBBssOxf9FcOS/e005rfgsiGFFnjGzvPdV7uF4ZQqZKIC+1sunTG3J5VBjk5g67z8vsz9sc3oNEAdGdoVBW2iYm540BqMHMCRBKz6ABIovUI4IAAABcGgocBCXYABwsBAAEjAwEBBV0AEAAADIC2CgGXAGoxAADAPJ03PwMAAA==",

        ["7z with a password"] = "H4sICJ4YCGsCA3Qtb3Blbi43egABVwOo/Dd6vK8nHAAEL3mf/hQDAAAAAAAAIwAAAAAAAABHDKePoifA++EXAXzOWDrC1I75gHAfKCK0Ki3rxQD3GsquR/B/0vVhUwZ+RgVZ+gAKVE+YhnMUg7nzLS/2jE+OnqLPpu6gP5dh67+YqRkl2eRhsHrjcUU+qbOkIzkhjgvsZwnA4qwTw9AzPoSmeh9hYb+WfK8ATDnWTZ9lUpR/oUqDJrtHhDKkZgwNB7yV6P4g2EW0r+Qqjw5vgQkvh7oT9vuH4iwl1CzegAcLJ4MdJ41HH6Db2wzOLDC3ojJMGkwsBJydCbLo3UVifvHqMcmYHh28swLeFvD7OP9pLUbw8WRRG2wuJNae4YpWezA/RKw7BQQDo2f9M3/Qr3gNNVUGbblP7XX/ok222dcRj/ZsCsEWqnKaVBXunBrCVz8Q2yBlmj0KSdqGNzxqhS8HK3sh6O2D5AZd+y4uW8YiMAZ3I/ujACnQ5npy3rnYx5gzxgdynK/BVhI2trDSqNCdC92oNah/FxqsllkvRsKk43YMFbeoot4605V3wNc6aZEp388/ci0Adw/mctLmnHGSEW29G+2ky2As14howUijGcBlLjqc0HzXH9yyj/wmLoajXiuJa7TrJ3/WCvCAUu6I6gsTx6hJDhdsAE6sINtiY/qg54O3/FeSBysoAKXCYy08Mp1c3JhO8vkDn1if3tPxjPCB8EcHZGbQ753Hwm1uszTBaE65Tr0xeasDKHOUZAi4Xi61vE2nkkoH0T1PZwwjy6+WhHHz9aWJSE9emWxEGwH8GQjvXTyBGgPaMXzhAgV7h+L9QCW+Tbvmsks4MvpVps1x+3b7VGsjMdpaQLeSotRJJrecf3qky0lKwiP7UwfMpu+co1UY99meutgmhcoSfz6gDozKBwAAgTMHrg/VRahxFmwnAeD7MSU25B9c90uIWk5p1RIZsx/9Ya8QZcNAVsfZGoV0ifAXVKAKvH+M0/mOWdQNCu+wjrM8L8z4lJ5TP+PF9Loh+onZZd6axGRlIJAenJmqyuqR5LbvvUOR8EH6OIL+lAB3NlJaT3Kb/20OV/0E9fx3wZFwkZMaBgzIVQ0A85BK43gAAAAXBoKAAQmAlAAHCwEAASMDAQEFXQAQAAAMgNYKAc0S+44AAEYVxClXAwAA",
        ["7z with a password and hidden names"] = "H4sICJ4YCGsCA3QtaGlkLjd6AAF/A4D8N3q8ryccAATXCWeMIAMAAAAAAAA/AAAAAAAAAKeO1npYDaiKCn1/wtSLcWAN6Gf2KI+vYgYeW46yGsR4Cj5wTzFIaZlQbNePd44oOYrlXDGMVlAxoaW2sjdrvh9bNwnddNG72jrb3c9iDDtIv7EJWrDovqqa6SUyjnIn6gwNQ+rVU3nZ2lGJAgjVzVwqhWf4W5IoQUzYaCLU3T/7qxPyWHV6ylulneyNbF79M29YPMSyt3RdZUNUQ6oJW6S8mlrKMITiWNF4lp/I/nnSVpp4BNjdchkSyK3y3Wzymik3h2mGaQSny/kQz54AqKtyd96moNMoXEkKLT92P3YPGJ6DPE9Ux0p54BU2x8E4vZyoVjjWWwvWAmoiN0zgHsLRQ5xd8+VCfd2PDJTRWj9lcY2pnUe76Ph7U0CPnEkn5M38uShdVHmb8CtSoWdKn1cD/HQtry9dFBC/gVKsYZBKYv/uVM93ObeR6Fg2SAzhXzofulRuaeRKSMwMQgq7zNNXakCcOCBCMzGsSuUCeaFrA6tep2gBAxpodeio1BiZGymA2xhXrgXvf+d85z87lPxjOIIX4m4MNuQWYZlVl4ixCMkZOLzb98yWE5OFATNR2IOSoOM3Oa6bRb8o7YFOgZGTjpbBr+VjCdHN1wR7idgez8szBqVOOSjcqu3oOsj0LKQe5SPw8r/ADYsBNv4jws4/+TIQl3bRaPFK+K84uOcFXJRdbbWgJcj18iebYQCLgfhJHAQTMrRiG3/vm/nDEOsYTOgVOrTi/5DGJNU4o69ejcOW/Ips0ko6NjUL4N05oU9gjvdlbthOZbB/1wIg5++muIKQn+hUtCuWxyV/dn4e6a83K3UGLjxNKbesG+lI7Pxy+HbL6+Kp5kxScnQ5N9w/5Ml8ZjIf3ujeo69A5KY9VP0a4BWRDJY0d/DAuFKe9AVGQoiJ5d9wNi/GDe6lvVLJh/MZxsHKAQK70j3bb3tCz72VGPraDGaFNW3K+5PNHoXmS5ZQvQ7qCrvtyt1JGXciaO87ib4MUUSx61XFE8WVg0BwX+Y2dmxRqeYyKSgHk/i6jpWENO9A4NRRtcjdalERj69XoskUken0FKyaqfD0VOCuNRcGgoABCYCgAAcLAQACJAbxBwESUw8qC/oFq4F6DiIBMzn2KkrbIwMBAQVdABAAAAEADICUgNYKAWqYDHIAAJmkBnJ/AwAA",
        ["zip"] = "H4sICJ4YCGsCA3QtcGxhaW4uemlwAAvwZmYRYWBg4GD4Gl0Ve5rL2U+akYGhho2BgY1BhiHNUK+koiQ0hJOBea4ERzYIl1ZwMzCyAHUwgInSKY55LIYcLO9/c9kfNLnR9lxl0lLLNZsupi3V2H8+xvjuxPWqBiIFNnbf/KvfnT/++eqbmvXJ27/v3X/rdvH297X7t694sf2xPvvBmb0qF0RnXPvL1cawcdV1URmtR58WdAQ32lXFHFTt9nwi6jPT6vmupqVdJ5ecuSba0eq4xKi5x0/W/CmbKbOLl+WyTdrWYtxzYl8y7vJX2iqvbZTnFeCzeNtssRKzKR6pGSkTFTWcy54te3jAvk2NV+3JNx8e5SApKc2kU39XntzMmbnCvcD1lEBW426VcI1NFruDSvj2fO4M7Ar78LRgJce1zJ5YzU2ezM+DBHRWyoQ3JaQuuTR1QcHzoinzi57Hn2J16prgxZ/2qbB0aTqvYNA8i+8LJiz8cuRV5W/WAJSgFeK74CwDDNpqWNAaEQra3CneeYcNeFy+W7b2KdS5dB3PZGSMY/F9yMJR9XvX6ay0/w7Zz2bayMW/Xj739e/CfbPMMtcnbz2/dd7bxzFv9777vmxanfW/Yi+LQu+7jskLzr6xfiEiM8/aQmKGqIFhxDSvrbI+THzSE1I/qae9TRA0sJqmPDftpISDkWGQodoEn94+oTkn78x4JaCwcs6EIzPP9MWJsk4I6VfN7PwpOJVvL7fxk9pHxjMXSs6Imam41ehH55R1fd6Niqltl2Sn93BeWnUgPchxquw0p5ULZgpnhaudqE0qeuV+5ODOT7xeB2f6XPia65HnE8DmZ/JM3Xdh6eLtb6NM9+ReOb+mTz69TolHymiV+imHJYa2SlESHT9/BvMtvzpjvoHRpJeGmjHFy9XPrX71jRs1bDfH7+KQA4ZtFSxsjQmHraOfsyEwbOcouZ+44fdGhn2JR2yIyFSvjtuft6ek/Rc5Xid3X27+7+22368//pl170Lc9rt23/7lvT9/t+7b33t3Nt/L+28pHPNNTv150+ZTqeoSTD1xIRUceTo/TvqGWqy6xrmMqfaMzUEhhUO/LA4uPRAprN6xbvZCe6fMjUXLDZ06P2b3+WiZSiifVJwivTtq+bmFbyLWOEop/p2hq7ZVYY3nEqMnK47KarqK38w8O3Vhdv3kY5legWufqE9VXNCtvnShDl+/pvMKhsmXLhg8r9dyNlVXPbtkgcdiUzPJhTxhmUbOLxUuTVW84bHq3SmBosALsfLbF/3ZtSfv4PVLU+XfJwc1xahzzFEIr1v2UbXkKftEGdPwOp7iwuen+kU5eFayX1et+80c4M3IJMeMq1iQAAUgA5DLsKQRxIIVEqyQ0EYLaXSzUPMBslnRQAqWK4gzCzXekc3azsQATwW4zGJlA9HMQPgESIuCRQGPHn2FDwUAAA==",
        ["zip with a password"] = "H4sICJ4YCGsCA3QtZW5jLnppcAAL8GZmEWHgZOBg+BpdFXuay9lPnZGBoYaNgYGNQYYhzVCvpKIkNISTgXmuBEc2CJdWcDMwsjAAAZhwaqmqfnN98rQ87dgp7xc8V1xZtePzoS31pr1JOm4Tf878xrE4f0lwq7Ry51O+FoZJm/TmbriSpJMmeG27/batnioJ+wLebcx8blif/4td3rmAR/byJKtQnaBVbE0lyrVP/m+YI6nFtF188+QJl9vXbP3u/iuQP5BhQ6zMsn1zm/cU+dRybXfg+qzH4rn80p+bX7jeLUosWOB4IlV0aVJA+2Ktm5MWLV3FdF20I3rHn76ngtfXpCjprxC7NDPT66E8W2rcE36+xLd/Nu29vMLwwr7Jm/Qs5iY4Fdxw/Tv1dcaRKJ3KlNIVt4y2xbdEPPj//G7bap2npntXzXjRK2Aw/Xdv9I13h5jcdth4GIRezn289MyMLQsmTKl9J3zn6NGlWlVFa9hVW480v+58VBZ+4OXSTseSP5+lArzZOZADNwAl2IX4LjhrAGWqYcFuRCjYc7tV7wfd3dV78qnFaTbXdzGW0tPiLWaciQ089qT7WLV0sdCL4ALeY2kenBN4jbVZxJbNSrr5/eWFFhUpH6mAuUYmRxZ39XR6PTzv5JAgJ7gp/32jiNS7osCbrxbUptyo23bsT/Gye7fe5J0O1nBtFngVy39wXzDnll2leaULRMKWiLCprmFiPzBRWMl5n93i9+94RVb7Ppi44aninBOBniWLKj99rK3Y1bZFM9Hyho+Ig0fp3fyy4NsCPp+488725wWkuDpPDhYz/tk7uaB++isVmytTiyX2u1ZM3Ox+6PtZ7flPdbJ35vvIy8/5YLR9W1CpUNh+neLrOaevNbF5HchTVl3xUu6t2e/ryaW/E41ajtzeWPeY52DIYub2ZzmvlbgvR/yNt+qU9wl7MOvYrYtWSjnB2ntB4Y4cuqjhvjl+F4cWUKYKFu7GhML919Om10vrYz1mdyVWbf6ha7hNuPjaenV110NGbedn8LTdLXUUOHa0VFS30ULNUG61SeuaFLuwja94zA+7LuB9u1WvY6P976NPIiexaDSHsvYX58/8WOO2q+94RjebtlHb04qDQY2TZL7zx2+o+yilsP5unsfdMp/W33/O/rt2VsW8seIjS1NpSoBS90nZWjmN7aKr+u96bFGTufBaoOxI1cR9i47dZDVjnNC5br2c1MplpR5vXS4U3WM8veotbx+zbobd1x9Tnpixx01YqsP3uGp3mZXbkoeeJxs7DHLyQ8+0n0pQcjfs6pVujDgjENb8oVVphrFyYG1N/y/ebwUN7xnOZdx82F9dtkya2ddCWYc3QvjRkjcG8WZpjj69nKcnvLcVtJrwuyNj0q6XiYt6tau//NqVmqwCCnnk8A3wZmSSY8ZV1EiAApcByGVY0ghiwQoeVkhMoMUCulmo+QfZrHIgBctNxJmFmiaQzXrPxABPIbjMYmUD0cxA+ARIZ4JFAfiDEC1jBQAA",
        ["zip with a password, AES"] = "H4sICJ4YCGsCA3QtYWVzLnppcAAL8GZmMWZgZEhm+BpdFcsABNqMDAw1bAwMbAzcDGmGeiUVJYwz2RmYGBxdmTkYdMIEytg/inlGacl9P1Goy5z1OD5YZmKbYoPAeWu7Po//16d2WARoxJju2jhNhedZ2MIriW8b9liJnJa6sP+38eq5/c7ys69NccyYIHtGyCfl/+7nJ1TkypJKn/nq/D7MdKC2nUvda79nj2+SFnvg3rMV6/ezxbF23Zr/xvjF0eKIuBu6d/hydAp55S7w+J3om/jMxiVEv7jp6NvqqZ88f8rHXuKIjC09nMvCwrU0dAe/hKB3i82spPeNPU/ua2dUpk1cP7Wv7bhn//sNex/tuM6ifWy6nOa/SWaMh9nbc13yJfkVf9tX3m5e9FvrsFyaKJPhcaGNvxQOHLlqEbh2+YI4toLFRre7J9XLXq1fJPbLXlfp4tYZB0TP7Wmef+LM5j25dyexvf//rPhTkqNA+Kr81HcLVFRnbZkZ4M3IZM+MK2z1GSBAoWFJI4iGhDQXgwJYlJFBguGNd/XWmbV3GRnQAFJsBHizskGUgyxhYIgCKwYA/D1HqtMBAAA=",
    };

    private readonly Random _random = new(6);

    [Theory]
    [InlineData("7z", ContentKind.SevenZip)]
    [InlineData("7z, LZMA", ContentKind.SevenZip)]
    [InlineData("7z, PPMd", ContentKind.SevenZip)]
    [InlineData("7z, bzip2", ContentKind.SevenZip)]
    [InlineData("7z with a password", ContentKind.Sealed)]
    [InlineData("7z with a password and hidden names", ContentKind.Sealed)]
    [InlineData("zip", ContentKind.Zip)]
    [InlineData("zip with a password", ContentKind.Sealed)]
    [InlineData("zip with a password, AES", ContentKind.Sealed)]
    internal void Archives_tell_their_password(string name, ContentKind kind)
    {
        var content = Unpack(name);
        var facts = ContentLook.OfWhole(content);
        Assert.Equal((kind, kind != ContentKind.Sealed), (facts.Kind, facts.IsWhole));
        // The same of a file that is read in blocks.
        var look = new LongLook();
        look.Begin(content.AsSpan(0, content.Length * 2 / 3));
        look.End(content.AsSpan(content.Length / 3), content.Length);
        Assert.Equal((kind, facts.IsWhole), look.Facts([]) is var far ? (far.Kind, far.IsWhole) : default);
        if (kind != ContentKind.Sealed)
        {
            Assert.True(ContentLook.OfWhole([.. content, .. "key"u8]).IsWrecked(facts, isSameLength: false));
        }
    }

    [Theory]
    // Headers of 5.0: a main one, then a file's with an extra record of encryption; an encryption header in the place of all.
    [InlineData("526172211A07010033925BE30A01050600050101808000AABBCCDD2B0204010100000000000000000000000000000000000000000000000000000000000000000000000000", ContentKind.Rar)]
    [InlineData("526172211A070100AABBCCDD210400000100000000000000000000000000000000000000000000000000000000000000", ContentKind.Sealed)]
    [InlineData("526172211A0700CF907300000D00000000000000AABB74840030000000000000000000000000000000000000000000000000", ContentKind.Sealed)]
    [InlineData("526172211A0700CF907300000D00000000000000AABB74800030000000000000000000000000000000000000000000000000", ContentKind.Rar)]
    [InlineData("526172211A0700CE997380000D00000000000000AABB74800030000000000000000000000000000000000000000000000000", ContentKind.Sealed)]
    internal void Headers_of_RAR_tell_it(string head, ContentKind kind) => Assert.Equal(kind, ContentLook.KindOf(Convert.FromHexString(head)));

    [Fact]
    public void Documents_with_a_password_are_sealed()
    {
        var document = new byte[4096];
        ((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]).CopyTo(document);
        (document[30], document[48]) = (9, 2);
        Assert.Equal(ContentKind.Ole, ContentLook.OfWhole(document).Kind);
        System.Text.Encoding.Unicode.GetBytes("EncryptedPackage").CopyTo(document, (3 * 512) + 128);
        Assert.Equal(ContentKind.Sealed, ContentLook.OfWhole(document).Kind);
        document[51] = 0xFF;   // a folder far behind the end
        Assert.Equal(ContentKind.Ole, ContentLook.OfWhole(document).Kind);
        Assert.Equal(ContentKind.Sealed, ContentLook.OfWhole("%PDF-1.6\n1 0 obj\ntrailer <</Size 5 /Encrypt 4 0 R>>\n%%EOF\n"u8).Kind);
        Assert.True(ContentLook.OfWhole("%PDF-1.6\n1 0 obj\ntrailer <</Size 5>>\n%%EOF\n"u8) is { Kind: ContentKind.Pdf, IsWhole: true });
    }

    [Theory]
    [InlineData(Format.Docx)]
    [InlineData(Format.Jpeg)]
    [InlineData(Format.Png)]
    [InlineData(Format.Pdf)]
    [InlineData(Format.SevenZip)]
    internal void A_format_that_keeps_its_beginning_and_not_its_end_is_wrecked(Format format)
    {
        var content = SimulatedContent.Make(format, 8000, _random);
        var before = ContentLook.OfWhole(content);
        Assert.True(before.IsWhole);
        Assert.False(ContentLook.OfWhole(SimulatedContent.Edit(format, content, _random)).IsWrecked(before, isSameLength: false));
        _random.NextBytes(content.AsSpan(600));
        var after = ContentLook.OfWhole(content);
        Assert.True(after.Kind == before.Kind && after.IsWrecked(before, isSameLength: true) && after.IsRewrittenInPlace(before, isSameLength: true));
        Assert.False(after.IsRewrittenInPlace(before, isSameLength: false));
    }

    [Fact]
    public void Base64_of_a_cipher_s_bytes_is_what_a_cipher_makes_and_that_of_a_picture_is_not()
    {
        var text = ContentLook.OfWhole(SimulatedContent.Make(Format.Text, 3000, _random));
        for (var i = 0; i < 100; i++)
        {
            var coded = ContentLook.OfWhole(SimulatedContent.Make(Format.Coded, _random.Next(600, 5000), _random));
            Assert.True(coded is { Kind: ContentKind.Coded, IsCiphered: true } && coded.IsScrambledFrom(text));
            Assert.Equal(ContentKind.Text, ContentLook.OfWhole(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(SimulatedContent.Make(Format.Jpeg, 3000, _random)))).Kind);
            Assert.Equal(ContentKind.Text, ContentLook.OfWhole(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexString(SimulatedContent.Make(Format.Opaque, 3000, _random)))).Kind);
        }
    }

    private static byte[] Unpack(string name)
    {
        using var packed = new GZipStream(new MemoryStream(Convert.FromBase64String(Archives[name])), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        packed.CopyTo(plain);
        return plain.ToArray();
    }
}
