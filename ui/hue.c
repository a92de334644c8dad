/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Colours of names (XEP-0392), HSLuv, and the nearest colour a terminal has. */
#include <math.h>

#include "ui/theme.h"

double sn_hue_angle(const char *name)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
	guint8 digest[20];
	gsize length = sizeof digest;

	g_checksum_update(sum, (const guchar *)name, -1);
	g_checksum_get_digest(sum, digest, &length);
	return (digest[0] | digest[1] << 8) / 65536.0 * 360.0;
}

/* Linear RGB from XYZ, D65 (https://www.hsluv.org). */
static const double rgb_of_xyz[3][3] = {
	{ 3.240969941904521, -1.537383177570093, -0.498610760293 },
	{ -0.96924363628087, 1.87596750150772, 0.041555057407175 },
	{ 0.055630079696993, -0.20397695888897, 1.056971514242878 },
};
static const double ref_u = 0.19783000664283, ref_v = 0.46831999493879;
static const double kappa = 903.2962962, epsilon = 0.0088564516;

/* The largest chroma that RGB can show at this lightness and hue. */
static double max_chroma(double lightness, double hue)
{
	double radians = hue / 360.0 * 2.0 * G_PI, best = G_MAXDOUBLE;
	double sub1 = pow(lightness + 16.0, 3) / 1560896.0;
	double sub2 = sub1 > epsilon ? sub1 : lightness / kappa;

	for (int c = 0; c < 3; c++) {
		const double *m = rgb_of_xyz[c];
		for (int t = 0; t < 2; t++) {
			double top1 = (284517.0 * m[0] - 94839.0 * m[2]) * sub2;
			double top2 = (838422.0 * m[2] + 769860.0 * m[1] + 731718.0 * m[0]) *
			                      lightness * sub2 -
			              769860.0 * t * lightness;
			double bottom = (632260.0 * m[2] - 126452.0 * m[1]) * sub2 + 126452.0 * t;
			double length = top2 / bottom / (sin(radians) - top1 / bottom * cos(radians));
			if (length >= 0)
				best = MIN(best, length);
		}
	}
	return best;
}

static double gamma_of(double linear)
{
	return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

guint32 sn_hsluv(double hue, double saturation, double lightness)
{
	double chroma, u, v, x, y, z, radians = hue / 360.0 * 2.0 * G_PI;
	guint32 rgb = 0;

	g_assert(saturation >= 0 && saturation <= 100);
	if (lightness >= 99.999)
		return 0xffffff;
	if (lightness <= 0.001)
		return 0;
	chroma = max_chroma(lightness, hue) / 100.0 * saturation;
	u = cos(radians) * chroma / (13.0 * lightness) + ref_u;
	v = sin(radians) * chroma / (13.0 * lightness) + ref_v;
	y = lightness > 8 ? pow((lightness + 16.0) / 116.0, 3) : lightness / kappa;
	x = -(9.0 * y * u) / ((u - 4.0) * v - u * v);
	z = (9.0 * y - 15.0 * v * y - v * x) / (3.0 * v);
	for (int c = 0; c < 3; c++) {
		const double *m = rgb_of_xyz[c];
		double value = gamma_of(m[0] * x + m[1] * y + m[2] * z);
		rgb = rgb << 8 | (guint32)(CLAMP(value, 0.0, 1.0) * 255.0 + 0.5);
	}
	return rgb;
}

static int distance(guint32 a, guint32 b)
{
	int r = (int)(a >> 16 & 255) - (int)(b >> 16 & 255);
	int g = (int)(a >> 8 & 255) - (int)(b >> 8 & 255);
	int blue = (int)(a & 255) - (int)(b & 255);

	return 2 * r * r + 4 * g * g + 3 * blue * blue;
}

guint8 sn_colour_256(guint32 rgb)
{
	static const int steps[6] = { 0, 95, 135, 175, 215, 255 };
	guint32 cube = 0, grey_rgb;
	int index[3], average = 0, grey;

	g_assert(rgb <= 0xffffff);

	for (int c = 0; c < 3; c++) {
		int value = (int)(rgb >> (16 - 8 * c) & 255);
		average += value;
		index[c] = value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
		cube = cube << 8 | (guint32)steps[index[c]];
	}
	grey = CLAMP((average / 3 - 3) / 10, 0, 23);
	grey_rgb = (guint32)(8 + 10 * grey) * 0x010101u;
	if (distance(grey_rgb, rgb) < distance(cube, rgb))
		return (guint8)(232 + grey);
	return (guint8)(16 + 36 * index[0] + 6 * index[1] + index[2]);
}

guint8 sn_colour_16(guint32 rgb)
{
	/* what most terminals show for the sixteen */
	static const guint32 sixteen[16] = {
		0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
		0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
	};
	guint8 best = 0;

	for (guint8 i = 1; i < 16; i++)
		if (distance(sixteen[i], rgb) < distance(sixteen[best], rgb))
			best = i;
	return best;
}
